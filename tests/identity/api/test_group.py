from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.identity.world import message

if TYPE_CHECKING:
    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")


def group(world: World, name: str, **more: Any) -> str:
    return str(world.made("/v3/groups", {"group": {"name": name, **more}})["id"])


def names(world: World, path: str, token: str | None = None) -> set[str]:
    return {row["name"] for row in world.shown(path, token=token)}


def domain_with_manager(world: World) -> tuple[str, str]:
    """Return a new domain and the token of somebody who manages it."""
    home = world.made("/v3/domains", {"domain": {"name": "d"}})["id"]
    boss = world.user("boss", domain_id=home)
    world.give(boss, "manager", f"domains/{home}")
    return home, world.token("boss", "pw", {"domain": {"id": home}}, "d")


def test_a_group_is_made_shown_changed_and_removed(world: World) -> None:
    made = world.made("/v3/groups", {"group": {"name": " g ", "colour": "red"}})
    assert made == {
        "id": made["id"],
        "name": "g",
        "domain_id": "default",
        "description": "",
        "colour": "red",
        "links": {"self": f"http://identity.test:5000/v3/groups/{made['id']}"},
    }
    path = f"/v3/groups/{made['id']}"
    changes = {"name": "h", "description": None, "size": 3}
    assert world("PATCH", path, {"group": changes}).decoded()["group"] == {**made, **changes}
    assert world.shown(path) == {**made, **changes}
    assert world("DELETE", path).status == 204
    assert world("GET", path).status == 404


@pytest.mark.parametrize(
    "body", [{}, {"name": ""}, {"name": "  "}, {"name": 5}, {"name": "x" * 256}, {"name": "x", "description": 5}]
)
def test_a_group_that_is_not_well_formed_is_refused(world: World, body: dict[str, Any]) -> None:
    assert world("POST", "/v3/groups", {"group": body}).status == 400


def test_a_name_is_free_once_in_each_domain(world: World) -> None:
    home = world.made("/v3/domains", {"domain": {"name": "d"}})["id"]
    first, _ = group(world, "g"), group(world, "g", domain_id=home)
    reply = world("POST", "/v3/groups", {"group": {"name": "g"}})
    assert (reply.status, message(reply)) == (
        409,
        "Conflict occurred attempting to store group - Duplicate entry found with name g at domain ID default.",
    )
    other = group(world, "h")
    assert world("PATCH", f"/v3/groups/{other}", {"group": {"name": "g"}}).status == 409
    assert world("PATCH", f"/v3/groups/{first}", {"group": {"domain_id": home}}).status == 400
    assert world("PATCH", f"/v3/groups/{first}", {"group": {"id": "other"}}).status == 400
    assert world("POST", "/v3/groups", {"group": {"name": "x", "domain_id": "nope"}}).status == 404


def test_users_come_and_go(world: World) -> None:
    inside, owner = group(world, "g"), world.user("u")
    path = f"/v3/groups/{inside}/users/{owner}"
    assert world("HEAD", path).status == 404
    assert [world("PUT", path).status for _ in range(2)] == [204, 204]
    assert (world("HEAD", path).status, world("GET", path).status) == (204, 204)
    assert names(world, f"/v3/groups/{inside}/users") == {"u"}
    shown = world.shown(f"/v3/users/{owner}/groups")
    assert [(row["name"], row["membership_expires_at"]) for row in shown] == [("g", None)]
    assert world("DELETE", path).status == 204
    reply = world("DELETE", path)
    assert (reply.status, message(reply)) == (404, f"User '{owner}' not found in group '{inside}'")
    assert world.shown(f"/v3/groups/{inside}/users") == []


def test_who_does_not_exist_is_in_no_group(world: World) -> None:
    inside, owner = group(world, "g"), world.user("u")
    for method in ("PUT", "GET", "DELETE"):
        assert message(world(method, f"/v3/groups/{inside}/users/nobody")) == "Could not find user: nobody."
        assert message(world(method, f"/v3/groups/nope/users/{owner}")) == "Could not find group: nope."
    assert world("GET", "/v3/groups/nope/users").status == 404
    assert world("GET", "/v3/users/nobody/groups").status == 404


def test_a_removed_user_or_group_leaves_no_membership(world: World) -> None:
    first, second, owner, other = group(world, "g"), group(world, "h"), world.user("u"), world.user("v")
    for inside in (first, second):
        for member in (owner, other):
            world("PUT", f"/v3/groups/{inside}/users/{member}")
    world("DELETE", f"/v3/groups/{first}")
    world("DELETE", f"/v3/users/{owner}")
    assert names(world, f"/v3/users/{other}/groups") == {"h"}
    assert names(world, f"/v3/groups/{second}/users") == {"v"}


def test_groups_and_their_users_are_filtered_and_paged(world: World) -> None:
    home = world.made("/v3/domains", {"domain": {"name": "d"}})["id"]
    for name in ("ga", "gb", "Gc"):
        group(world, name)
    inside = group(world, "other", domain_id=home)
    assert names(world, "/v3/groups?name=ga") == {"ga"}
    assert names(world, "/v3/groups?name__startswith=g") == {"ga", "gb"}
    assert names(world, "/v3/groups?name__istartswith=g") == {"ga", "gb", "Gc"}
    assert names(world, f"/v3/groups?domain_id={home}") == {"other"}
    for name in ("u", "v"):
        world("PUT", f"/v3/groups/{inside}/users/{world.user(name, enabled=name == 'u')}")
    assert names(world, f"/v3/groups/{inside}/users?enabled=false") == {"v"}
    assert names(world, f"/v3/groups/{inside}/users?name=u") == {"u"}
    page = world("GET", "/v3/groups?limit=3").decoded()
    assert (len(page["groups"]), page["truncated"]) == (3, True)


def test_a_user_sees_his_own_groups_and_nobody_elses(world: World) -> None:
    inside, owner, other = group(world, "g"), world.user("u"), world.user("v")
    world("PUT", f"/v3/groups/{inside}/users/{owner}")
    assert names(world, f"/v3/users/{owner}/groups", token=world.token("u")) == {"g"}
    assert world("GET", f"/v3/users/{owner}/groups", token=world.token("v")).status == 403
    for path in (
        "/v3/groups",
        f"/v3/groups/{inside}",
        f"/v3/groups/{inside}/users",
        f"/v3/groups/{inside}/users/{other}",
    ):
        assert world("GET", path, token=world.token("v")).status == 403


def test_a_domains_manager_has_the_groups_of_that_domain_and_no_others(world: World) -> None:
    home, token = domain_with_manager(world)
    foreign, stranger = group(world, "foreign"), world.user("stranger")
    made = world.made("/v3/groups", {"group": {"name": "g", "domain_id": home}}, token=token)
    owner = world.made("/v3/users", {"user": {"name": "u", "domain_id": home}}, token=token)["id"]
    path = f"/v3/groups/{made['id']}"
    assert world("PATCH", path, {"group": {"name": "h"}}, token=token).status == 200
    assert world("PUT", f"{path}/users/{owner}", token=token).status == 204
    assert world("PUT", f"{path}/users/{stranger}", token=token).status == 403
    assert world("PUT", f"/v3/groups/{foreign}/users/{owner}", token=token).status == 403
    assert world("GET", f"/v3/groups/{foreign}", token=token).status == 403
    assert world("DELETE", f"/v3/groups/{foreign}", token=token).status == 403
    for elsewhere in ({"domain_id": "default"}, {}):
        assert world("POST", "/v3/groups", {"group": {"name": "x", **elsewhere}}, token=token).status == 403
        assert world("POST", "/v3/users", {"user": {"name": "x", **elsewhere}}, token=token).status == 403
    assert names(world, "/v3/groups", token) == {"h"}
    assert world.shown("/v3/groups?domain_id=default", token=token) == []
    assert world("DELETE", path, token=token).status == 204
    assert world("DELETE", path, token=token).status == 404


def test_who_may_not_see_a_group_does_not_learn_whether_it_exists(world: World) -> None:
    _, token = domain_with_manager(world)
    replies = [world("GET", f"/v3/groups/{each}", token=token) for each in (group(world, "g"), "nope")]
    assert [reply.status for reply in replies] == [403, 403]
