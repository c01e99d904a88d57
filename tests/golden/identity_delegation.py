"""Samples of credentials, application credentials, access rules and trusts: those of a user whom no persona is."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from tests.golden.matrix import Sample

if TYPE_CHECKING:
    from pileus.kit.http.routes import Route
    from tests.identity.world import World

_serial = count(1)
_RULE = {"service": "compute", "method": "GET", "path": "/"}


class Delegations:
    """What one user of a domain has, made anew where it is to be removed."""

    def __init__(self, world: World, home: str) -> None:
        self._world = world
        name = f"owner {next(_serial)}"
        self._owner = world.user(name, domain_id=home)
        self._trustee = world.user(f"trustee {name}", domain_id=home)
        self._project = world.made("/v3/projects", {"project": {"name": name, "domain_id": home}})["id"]
        world.give(self._owner, "member", f"projects/{self._project}")
        scope = {"project": {"id": self._project}}
        self._token = world.token(name, "pw", scope, world.shown(f"/v3/domains/{home}")["name"])

    def sample(self, row: Route[Any]) -> Sample | None:
        """Return a request for a route that is about these, else None."""
        if "/OS-EC2" in row.path:
            params = {"user_id": self._owner}
            if row.path.endswith("{credential_id}"):
                params["credential_id"] = str(self._ec2()["access"])
            return Sample(params=params, body={"tenant_id": self._project} if row.method == "POST" else None)
        if row.path.startswith("/v3/credentials"):
            return self._credential(row)
        if row.path.startswith("/v3/OS-TRUST/"):
            return self._trust(row)
        if row.path.startswith(("/v3/users/{user_id}/application_credentials", "/v3/users/{user_id}/access_rules")):
            return self._application_credential(row)
        return None

    def _ec2(self) -> dict[str, Any]:
        path = f"/v3/users/{self._owner}/credentials/OS-EC2"
        return self._world.made(path, {"tenant_id": self._project}, token=self._token)

    def _credential(self, row: Route[Any]) -> Sample:
        body = {"credential": {"user_id": self._owner, "type": "x", "blob": "x"}}
        if row.method == "POST":
            return Sample(body=body)
        if "{" not in row.path:
            return Sample()
        made = self._world.made("/v3/credentials", body, token=self._token)["id"]
        return Sample(params={"credential_id": made}, body={"credential": {"blob": "y"}} if row.body else None)

    def _application_credential(self, row: Route[Any]) -> Sample:
        name = f"new {next(_serial)}"
        body = {"application_credential": {"name": name, "access_rules": [{**_RULE, "path": f"/{name[4:]}"}]}}
        path = f"/v3/users/{self._owner}/application_credentials"
        if row.method == "POST":
            return Sample(params={"user_id": self._owner}, body=body)
        made = self._world.made(path, body, token=self._token)
        params = {"user_id": self._owner}
        if row.path.endswith("{application_credential_id}"):
            params["application_credential_id"] = made["id"]
        if row.path.endswith("{access_rule_id}"):
            params["access_rule_id"] = made["access_rules"][0]["id"]
            assert self._world("DELETE", f"{path}/{made['id']}", token=self._token).status == 204
        return Sample(params=params)

    def _trust(self, row: Route[Any]) -> Sample:
        parties = {"trustor_user_id": self._owner, "trustee_user_id": self._trustee, "impersonation": True}
        body = {"trust": {**parties, "project_id": self._project, "roles": [{"name": "member"}]}}
        if row.method == "POST":
            return Sample(body=body)
        if "{" not in row.path:
            return Sample()
        made = self._world.made("/v3/OS-TRUST/trusts", body, token=self._token)
        params = {"trust_id": made["id"], "role_id": made["roles"][0]["id"]}
        return Sample(params=params)
