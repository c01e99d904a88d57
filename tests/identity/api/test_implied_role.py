from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.identity.world import BASE, SYSTEM, message

if TYPE_CHECKING:
    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")


def make(world: World, name: str, domain_id: str | None = None) -> str:
    """Make a role; return its id."""
    return str(world.made("/v3/roles", {"role": {"name": name, "domain_id": domain_id}})["id"])


def test_a_role_implies_another_until_it_does_no_longer(world: World) -> None:
    a, b = make(world, "a"), make(world, "b")
    path = f"/v3/roles/{a}/implies/{b}"
    assert [world(method, path).status for method in ("HEAD", "GET", "DELETE")] == [404, 404, 404]
    assert message(world("GET", path)) == f"{a} does not imply {b}."
    assert [world(method, path).status for method in ("PUT", "PUT", "HEAD")] == [201, 409, 204]
    prior, implied = (
        {"id": each, "name": name, "links": {"self": f"{BASE}/v3/roles/{each}"}} for each, name in ((a, "a"), (b, "b"))
    )
    assert world("GET", path).decoded() == {
        "role_inference": {"prior_role": prior, "implies": implied},
        "links": {"self": f"{BASE}{path}"},
    }
    assert world.shown(f"/v3/roles/{a}/implies") == {"prior_role": prior, "implies": [implied]}
    assert {"prior_role": prior, "implies": [implied]} in world.shown("/v3/role_inferences")
    assert [world("DELETE", path).status for _ in range(2)] == [204, 404]
    assert world.shown(f"/v3/roles/{a}/implies")["implies"] == []


def test_a_rule_works_at_once_on_tokens_that_are_there(world: World) -> None:
    a, b = make(world, "a"), make(world, "b")
    user = world.user("u")
    world.give(user, "a", "system")
    token = world.token("u", "pw", SYSTEM)
    assert world("PUT", f"/v3/roles/{a}/implies/{b}").status == 201
    assert sorted(row["name"] for row in world.validated(token).decoded()["token"]["roles"]) == ["a", "b"]


def test_no_role_implies_itself_or_the_administrator(world: World) -> None:
    a, b, c = make(world, "a"), make(world, "b"), make(world, "c")
    own = make(world, "own", "default")
    for prior, implied in ((a, b), (b, c)):
        assert world("PUT", f"/v3/roles/{prior}/implies/{implied}").status == 201
    for prior, implied in ((c, a), (a, a), (a, world.role("admin")), (a, own)):
        assert world("PUT", f"/v3/roles/{prior}/implies/{implied}").status == 403
    assert world("PUT", f"/v3/roles/{own}/implies/{a}").status == 201
    assert world("PUT", f"/v3/roles/{a}/implies/nope").status == 404


def test_a_domains_own_role_counts_for_what_it_implies(world: World) -> None:
    own = make(world, "own", "default")
    user, project = world.user("u"), world.shown("/v3/projects?name=demo")[0]["id"]
    assert world("PUT", f"/v3/projects/{project}/users/{user}/roles/{own}").status == 204
    assert world.shown(f"/v3/users/{user}/projects") == []
    assert world("PUT", f"/v3/roles/{own}/implies/{world.role('reader')}").status == 201
    assert [row["id"] for row in world.shown(f"/v3/users/{user}/projects")] == [project]
    assert world.login("u", "pw", {"project": {"id": project}}).status == 201


def test_only_administrators_make_rules(world: World) -> None:
    a, b = make(world, "a"), make(world, "b")
    world.give(world.user("u"), "reader", "system")
    token = world.token("u", "pw", SYSTEM)
    assert world("GET", "/v3/role_inferences", token=token).status == 200
    assert world("GET", f"/v3/roles/{a}/implies", token=token).status == 200
    assert world("PUT", f"/v3/roles/{a}/implies/{b}", token=token).status == 403
    assert world("DELETE", f"/v3/roles/{a}/implies/{b}", token=token).status == 403
