"""Both image services, and one identity service that both ask about tokens."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import alone, wire
from bench.identity import sides as identity
from bench.identity.world import new_world
from bench.image import load
from bench.image.world import World

PILEUS_PORT, ORIGINAL_PORT, BARE_PORT, KEYSTONE_PORT = 9292, 19292, 8778, 15000  # before the offset
ADMIN = {"name": "admin", "domain": {"id": "default"}, "password": identity.PASSWORD}
MEMBER = "bench"


class Pileus(alone.Pileus):
    """One `pileus serve image`, which asks somebody else's identity service."""

    def __init__(self, folder: Path, port: int, auth_url: str, service_password: str) -> None:
        self.url = f"sqlite:///{folder}/image.sqlite"
        super().__init__("image", folder, port, {"DATABASE__URL": self.url})
        self.environment |= {
            "PILEUS_AUTH__URL": auth_url,
            "PILEUS_AUTH__USERNAME": "glance",
            "PILEUS_AUTH__PASSWORD": service_password,
            "PILEUS_AUTH__REGION": identity.REGION,
        }

    def prepare(self, world: World) -> None:
        load.load_pileus(self.url, world)


class Original(alone.Original):
    """Glance, with the Keystone that both sides ask."""

    def __init__(self, folder: Path, offset: int) -> None:
        super().__init__("glance", folder, ORIGINAL_PORT + offset, offset)
        self.auth_url = f"http://127.0.0.1:{KEYSTONE_PORT + offset}/v3"
        self.service_password = "service-secret"

    def load(self, world: World) -> None:
        """Fill its tables, while it runs."""
        load.load_original(self.root_url("glance"), world)


class Identity(identity.Pileus):
    """Pileus' own identity service, where there are no originals."""

    def __init__(self, folder: Path, offset: int) -> None:
        super().__init__(folder, identity.PILEUS_PORT + offset)
        self.auth_url = f"http://127.0.0.1:{self.port}/v3"
        self.service_password = "secret"

    def start(self) -> None:
        """Make its accounts first, the first time."""
        if not self.state.exists():
            self.prepare(new_world(0, 0, 0))
        super().start()


@dataclass(slots=True)
class People:
    """An administrator and a member of a project, with a token of each."""

    port: int  # of the identity service
    admin: str = ""
    member: str = ""
    project_id: str = ""

    def arrive(self) -> None:
        """Make the member and his project, and log both in."""
        self.admin = self._log_in(ADMIN, {"name": "admin", "domain": {"id": "default"}})
        self.project_id = self._make("project", {"name": MEMBER, "domain_id": "default"})
        member = {"name": MEMBER, "domain_id": "default", "password": identity.PASSWORD}
        user_id = self._make("user", member)
        roles = json.loads(self._ask("GET", "/v3/roles?name=member"))["roles"]
        self._ask("PUT", f"/v3/projects/{self.project_id}/users/{user_id}/roles/{roles[0]['id']}")
        self.member = self._log_in({"id": user_id, "password": identity.PASSWORD}, {"id": self.project_id})

    def _log_in(self, user: Mapping[str, Any], project: Mapping[str, Any]) -> str:
        proof = {"methods": ["password"], "password": {"user": user}}
        body = {"auth": {"identity": proof, "scope": {"project": project}}}
        return wire.ask(self.port, wire.request("POST", "/v3/auth/tokens", {}, body)).header("x-subject-token")

    def _make(self, kind: str, body: Mapping[str, Any]) -> str:
        return str(json.loads(self._ask("POST", f"/v3/{kind}s", {kind: body}))[kind]["id"])

    def _ask(self, method: str, path: str, body: object = None) -> bytes:
        return wire.ask(self.port, wire.request(method, path, {"X-Auth-Token": self.admin}, body)).body
