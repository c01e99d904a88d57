"""A sample for each route of OS-FEDERATION and OS-OAUTH1."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

from pileus.identity.db import oauth1
from pileus.identity.model.oauth1 import AccessToken, RequestToken
from tests.golden.matrix import Sample

if TYPE_CHECKING:
    from pileus.kit.http.routes import Route
    from tests.identity.world import World

_serial = count(1)
_EXTENSIONS = ("OS-FEDERATION", "OS-OAUTH1")
_RULES = [{"local": [{"user": {"name": "{0}"}}], "remote": [{"type": "UserName"}]}]
_SERVICE_PROVIDER = {"auth_url": "http://there/auth", "sp_url": "http://there/sp"}
_CONSUMER = {"consumer": {"description": "new"}}


class ExtensionSamples:
    """Makes what a request acts on anew each time; access tokens are the administrator's."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._bodies: dict[str, dict[str, Any]] = {
            "identity_providers": {"identity_provider": {"enabled": True}},
            "mappings": {"mapping": {"rules": _RULES}},
            "service_providers": {"service_provider": _SERVICE_PROVIDER},
            "protocols": {"protocol": {"mapping_id": self._put("mappings", {"mapping": {"rules": _RULES}})}},
            "consumers": _CONSUMER,
            "authorize": {"roles": []},
        }

    def __call__(self, row: Route[Any]) -> Sample | None:
        """Return a request for a route, if it is one of these."""
        parts = row.path.split("/")[2:]
        if not {*parts} & {*_EXTENSIONS}:
            return None
        if "OS-FEDERATION" in parts:
            params = self._federation(row, [part[1:-1] for part in parts if part.startswith("{")])
        else:
            params = self._oauth1(row)
        nouns = [part for part in parts if part in self._bodies]
        body = self._bodies[nouns[-1]] if nouns and row.method in ("POST", "PUT", "PATCH") else None
        return Sample(params=params, body=body)

    def _federation(self, row: Route[Any], places: list[str]) -> dict[str, str]:
        makers = {
            "idp_id": "identity_providers",
            "mapping_id": "mappings",
            "service_provider_id": "service_providers",
        }
        params = {place: self._put(makers[place], self._bodies[makers[place]]) for place in places if place in makers}
        if row.method == "PUT" and places[-1] in makers:
            params[places[-1]] = f"new-{next(_serial)}"
        if "protocol_id" in places:
            protocols = f"identity_providers/{params['idp_id']}/protocols"
            is_new = row.method == "PUT"
            params["protocol_id"] = "new" if is_new else self._put(protocols, self._bodies["protocols"])
        return params

    def _put(self, collection: str, body: dict[str, Any]) -> str:
        name = f"made-{next(_serial)}"
        assert self._world("PUT", f"/v3/OS-FEDERATION/{collection}/{name}", body).status == 201
        return name

    def _oauth1(self, row: Route[Any]) -> dict[str, str]:
        consumer = str(self._world.made("/v3/OS-OAUTH1/consumers", _CONSUMER)["id"])
        if "consumers" in row.path:
            return {"consumer_id": consumer}
        user = str(self._world.shown("/v3/users?name=admin")[0]["id"])
        where = str(self._world.shown("/v3/projects?name=admin")[0]["id"])
        name, ends = f"made-{next(_serial)}", self._world.clock.now() + timedelta(hours=1)
        member = self._world.role("member")
        wish = RequestToken(id=name, secret="x", consumer_id=consumer, project_id=where, expires_at=ends)
        token = AccessToken(
            id=name, secret="x", consumer_id=consumer, project_id=where, user_id=user, role_ids=(member,)
        )
        self._world.database.write(oauth1.add_request_token, wish)
        self._world.database.write(oauth1.add_access_token, token)
        return {"user_id": user, "request_token_id": name, "access_token_id": name, "role_id": member}
