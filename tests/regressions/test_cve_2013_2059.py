"""The tokens of a deleted user were still good."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")


@pytest.mark.parametrize("gone", ["user", "project", "domain", "role"])
def test_a_token_is_void_when_what_it_stands_for_is_gone(world: World, gone: str) -> None:
    home = world.made("/v3/domains", {"domain": {"name": "d"}})["id"]
    inside = world.made("/v3/projects", {"project": {"name": "p", "domain_id": home}})["id"]
    role = world.made("/v3/roles", {"role": {"name": "r"}})["id"]
    owner = world.user("u")
    assert world("PUT", f"/v3/projects/{inside}/users/{owner}/roles/{role}").status == 204
    token = world.token("u", "pw", {"project": {"id": inside}})
    assert world("GET", "/v3/regions", token=token).status == 200
    if gone == "domain":
        world("PATCH", f"/v3/domains/{home}", {"domain": {"enabled": False}})
    path = {
        "user": f"users/{owner}",
        "project": f"projects/{inside}",
        "domain": f"domains/{home}",
        "role": f"roles/{role}",
    }
    assert world("DELETE", f"/v3/{path[gone]}").status == 204
    assert world("GET", "/v3/regions", token=token).status == 401
    assert world.validated(token).status == 404
    again = world.user("u") if gone == "user" else ""  # of the same name, and another
    assert world.validated(token).status == 404
    assert again != owner
