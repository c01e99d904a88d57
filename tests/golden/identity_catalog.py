"""A sample for each route of endpoint groups, policies and limits."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from tests.golden.matrix import Sample

if TYPE_CHECKING:
    from collections.abc import Callable

    from pileus.kit.http.routes import Route
    from tests.identity.world import World

_serial = count(1)
_COLLECTIONS = ("OS-EP-FILTER", "policies", "limits", "registered_limits")
_UPDATED = {"endpoint_groups": "endpoint_group", "policies": "policy"}
_LIMITED = {"limits": "limit", "registered_limits": "registered_limit"}


class CatalogSamples:
    """Makes what a request acts on anew each time; limits are of a project in the domain `home`."""

    def __init__(self, world: World, home: str) -> None:
        self._world = world
        self._home = home
        self._makers: dict[str, Callable[[], str]] = {
            "endpoint_group_id": lambda: self._made("/v3/OS-EP-FILTER/endpoint_groups"),
            "policy_id": lambda: self._made("/v3/policies"),
            "registered_limit_id": lambda: self._made("/v3/registered_limits"),
            "limit_id": lambda: self._made("/v3/limits"),
            "project_id": self._project,
            "service_id": self._service,
            "endpoint_id": self._endpoint,
            "region_id": lambda: "RegionOne",
        }

    def __call__(self, row: Route[Any]) -> Sample | None:
        """Return a request for a route, if it is one of these."""
        collection = row.path.split("/")[2]
        if collection not in _COLLECTIONS and "OS-ENDPOINT-POLICY" not in row.path:
            return None
        places = [segment[1:-1] for segment in row.path.split("/") if segment.startswith("{")]
        params = {place: self._makers[place]() for place in places}
        if len(places) > 1 and row.method in ("GET", "DELETE"):
            assert self._world("PUT", row.path.format(**params)).status == 204
        if row.path.endswith("OS-ENDPOINT-POLICY/policy"):
            policy = f"/v3/policies/{self._makers['policy_id']()}"
            assert self._world("PUT", f"{policy}/OS-ENDPOINT-POLICY/endpoints/{params['endpoint_id']}").status == 204
        return Sample(params=params, body=self._body(row))

    def _body(self, row: Route[Any]) -> dict[str, Any] | None:
        last = row.path.split("/")[-1]
        if row.method == "POST":
            return self._new(last)
        if row.method != "PATCH":
            return None
        kind = row.path.split("/")[-2]
        if kind in _LIMITED:
            return {_LIMITED[kind]: {"description": "new"}}
        return {_UPDATED[kind]: {"name": "new"} if kind == "endpoint_groups" else {"type": "new"}}

    def _new(self, collection: str) -> dict[str, Any]:
        if collection == "endpoint_groups":
            return {"endpoint_group": {"name": "new", "filters": {"interface": "admin"}}}
        if collection == "policies":
            return {"policy": {"blob": "{}", "type": "new"}}
        resource = {"service_id": self._service(), "resource_name": f"new {next(_serial)}"}
        registered = {"registered_limits": [{**resource, "default_limit": 1}]}
        if collection == "registered_limits":
            return registered
        assert self._world("POST", "/v3/registered_limits", registered).status == 201
        return {"limits": [{**resource, "project_id": self._project(), "resource_limit": 1}]}

    def _made(self, path: str) -> str:
        made = self._world("POST", path, self._new(path.split("/")[-1])).decoded()
        found = next(value for name, value in made.items() if name != "links")
        return str((found[0] if isinstance(found, list) else found)["id"])

    def _project(self) -> str:
        body = {"name": f"new limit {next(_serial)}", "domain_id": self._home}
        return str(self._world.made("/v3/projects", {"project": body})["id"])

    def _service(self) -> str:
        return str(self._world.made("/v3/services", {"service": {"type": "x"}})["id"])

    def _endpoint(self) -> str:
        body = {"service_id": self._service(), "interface": "public", "url": "http://x"}
        return str(self._world.made("/v3/endpoints", {"endpoint": body})["id"])
