"""Identity headers that a client had sent itself were believed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pileus.kit.context import ANONYMOUS, Context
from pileus.kit.http.app import App
from pileus.kit.http.auth import IDENTITY_HEADERS
from pileus.kit.http.message import Request
from tests.compute.cloud import MEMBER, OTHER, Cloud

if TYPE_CHECKING:
    from pathlib import Path

    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")

FORGED = {
    **dict.fromkeys(IDENTITY_HEADERS, "admin"),
    "x-identity-status": "Confirmed",
    "x-service-identity-status": "Confirmed",
    "x-roles": "admin,service,reader",
    "x-is-admin-project": "True",
}


def test_identity_headers_from_outside_give_nobody_anything(world: World) -> None:
    sent: dict[str, Any] = {name.replace("-", "_"): value for name, value in FORGED.items()}
    demo = world.token("demo", "secret")
    for path in ("/v3/users", "/v3/services", "/v3/role_assignments"):
        assert world("GET", path, token=demo, **sent).status == 403
        assert world("GET", path, token="", **sent).status == 401
    assert world("GET", "/v3/users", token="", x_system_scope="all", **sent).status == 401


class Witness:
    """Notes what an authenticator gets to see."""

    def __init__(self) -> None:
        self.seen: dict[str, str] = {}

    def authenticate(self, request: Request) -> Context:
        self.seen |= request.headers
        return ANONYMOUS


def test_nobody_behind_the_door_sees_such_a_header(world: World) -> None:
    witness = Witness()
    app = App(replace(world.app.service, authenticator=witness))
    for path in ("/v3/users", "/v3/nowhere"):
        app.handle(Request(method="GET", path=path, headers={**FORGED, "x-auth-token": "t", "accept": "*/*"}))
    assert witness.seen == {"x-auth-token": "t", "accept": "*/*"}
    for name in ("x-service-user-name", "x-service-project-domain-id", "x-domain-name", "x-tenant", "x-service-role"):
        assert name in IDENTITY_HEADERS


def test_they_give_nobody_anything_in_compute_either(tmp_path: Path) -> None:
    cloud = Cloud(f"sqlite:///{tmp_path}/compute.sqlite")
    server_id = cloud.active_server()
    sent = {**FORGED, "x-project-id": "p-one", "x-user-id": "u-member", "x-service-roles": "service"}
    assert cloud.ask("GET", "/os-services", who=MEMBER, headers=sent).status == 403
    assert cloud.ask("GET", "/os-services", who="", headers=sent).status == 401
    assert cloud.ask("GET", f"/servers/{server_id}", who=OTHER, headers=sent).status == 404
    cloud.database.close()
