"""A sample for each route of tags, of domains' settings and of implied roles."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from tests.golden.matrix import Sample

if TYPE_CHECKING:
    from pileus.kit.http.routes import Route
    from tests.identity.world import World

_serial = count(1)
_CONFIG: dict[str, Any] = {"ldap": {"url": "ldap://x"}}


class ResourceSamples:
    """Makes what a request acts on: in the personas' own domain, or in another."""

    def __init__(self, world: World, home: str) -> None:
        self._world = world
        self._home = home
        self._project = world.made("/v3/projects", {"project": {"name": "tagged", "domain_id": home}})["id"]

    def __call__(self, row: Route[Any]) -> Sample | None:
        """Return a request for a route, if it is one of these."""
        parts = row.path.split("/")
        if "tags" in parts:
            return self._tags(row)
        if "config" in parts:
            return self._config(row)
        return self._implied(row) if "implies" in parts else None

    def _tags(self, row: Route[Any]) -> Sample:
        self._put(f"/v3/projects/{self._project}/tags", {"tags": ["here"]})
        body = {"tags": ["new"]} if row.body is not None else None
        return Sample(params={"project_id": self._project, "tag": "here"}, body=body)

    def _config(self, row: Route[Any]) -> Sample:
        self._put(f"/v3/domains/{self._home}/config", {"config": _CONFIG})
        whole = {"config": _CONFIG["ldap"] if row.path.endswith("{option}") else _CONFIG}
        params = {"domain_id": self._home, "group": "ldap", "option": "url"}
        return Sample(params=params, body=whole if row.body is not None else None)

    def _implied(self, row: Route[Any]) -> Sample:
        prior, implied = (
            self._world.made("/v3/roles", {"role": {"name": f"rule {next(_serial)}"}})["id"] for _ in range(2)
        )
        if row.method != "PUT":
            self._put(f"/v3/roles/{prior}/implies/{implied}", None)
        return Sample(params={"prior_role_id": prior, "implied_role_id": implied})

    def _put(self, path: str, body: Any) -> None:
        assert self._world("PUT", path, body).status in (200, 201)
