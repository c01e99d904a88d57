"""Identity headers that a client had sent itself were believed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pileus.kit.http.auth import IDENTITY_HEADERS

if TYPE_CHECKING:
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
    assert world("GET", "/v3/users", token="", openstack_system_scope="all", x_system_scope="all", **sent).status == 401
