"""CVE-2026-33551, OSSA-2013-032: delegated tokens made EC2 keys, which stood for all that their maker could do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.identity.api.test_application_credential import Owner
from tests.identity.api.test_trust import Pair

if TYPE_CHECKING:
    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")


def require_no_credentials(world: World, user_id: str, project_id: str, token: str, plain: str) -> None:
    """Try with the user's delegated token what the user may do with the plain one."""
    keys = f"/v3/users/{user_id}/credentials/OS-EC2"
    made = world.made(keys, {"tenant_id": project_id}, token=plain)
    stored = world.shown(f"/v3/credentials?user_id={user_id}", token=plain)[0]["id"]
    blob = json.dumps({"access": "a", "secret": "s"})
    whole = {"credential": {"user_id": user_id, "project_id": project_id, "type": "ec2", "blob": blob}}
    tries = [
        ("POST", keys, {"tenant_id": project_id}),
        ("GET", keys, None),
        ("GET", f"{keys}/{made['access']}", None),
        ("DELETE", f"{keys}/{made['access']}", None),
        ("POST", "/v3/credentials", whole),
        ("GET", f"/v3/credentials/{stored}", None),
        ("PATCH", f"/v3/credentials/{stored}", {"credential": {"blob": blob}}),
        ("DELETE", f"/v3/credentials/{stored}", None),
    ]
    for method, path, body in tries:
        assert world(method, path, body, token=token).status == 403, (method, path)
    assert world.shown("/v3/credentials", token=token) == []


@pytest.mark.parametrize("unrestricted", [False, True])
def test_the_token_of_an_application_credential_makes_and_sees_none(world: World, unrestricted: bool) -> None:
    owner = Owner(world)
    token = owner.token_of(owner.made(unrestricted=unrestricted))
    require_no_credentials(world, owner.id, owner.project, token, owner.token)


def test_the_token_of_a_trust_makes_and_sees_none(world: World) -> None:
    pair = Pair(world)
    require_no_credentials(world, pair.trustor, pair.project, pair.token_of(pair.made()), pair.token)
