from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.identity.world import BASE, message

if TYPE_CHECKING:
    from tests.identity.world import World


@pytest.fixture
def tree(world: World) -> dict[str, str]:
    """A domain with a project in a project, a user, and a group of which the user is a member."""
    home = world.made("/v3/domains", {"domain": {"name": "d"}})["id"]
    top = world.made("/v3/projects", {"project": {"name": "top", "domain_id": home}})["id"]
    leaf = world.made("/v3/projects", {"project": {"name": "leaf", "domain_id": home, "parent_id": top}})["id"]
    user = world.user("u", domain_id=home)
    group = world.made("/v3/groups", {"group": {"name": "g", "domain_id": home}})["id"]
    assert world("PUT", f"/v3/groups/{group}/users/{user}").status == 204
    return {"domain": home, "top": top, "leaf": leaf, "user": user, "group": group}


def inherit(world: World, where: str, role: str) -> str:
    """Give an inherited role; return its path."""
    path = f"/v3/OS-INHERIT/{where}/roles/{world.role(role)}/inherited_to_projects"
    assert [world(method, path).status for method in ("HEAD", "PUT", "HEAD")] == [404, 204, 204]
    return path


def roles_of(world: World, scope: dict[str, Any]) -> list[str]:
    """Return the roles that the user's token has; none where there is no token."""
    reply = world.login("u", "pw", scope, "d")
    return sorted(row["name"] for row in reply.decoded()["token"]["roles"]) if reply.status == 201 else []


def test_a_role_of_a_domain_is_inherited_by_its_projects_and_not_by_itself(world: World, tree: dict[str, str]) -> None:
    path = inherit(world, f"domains/{tree['domain']}/users/{tree['user']}", "member")
    assert roles_of(world, {"project": {"id": tree["top"]}}) == ["member", "reader"]
    assert roles_of(world, {"project": {"id": tree["leaf"]}}) == ["member", "reader"]
    assert roles_of(world, {"domain": {"id": tree["domain"]}}) == []
    assert world("DELETE", path).status == 204
    assert roles_of(world, {"project": {"id": tree["leaf"]}}) == []


def test_a_role_of_a_project_is_inherited_by_those_below_and_not_by_itself(world: World, tree: dict[str, str]) -> None:
    inherit(world, f"projects/{tree['top']}/groups/{tree['group']}", "reader")
    assert roles_of(world, {"project": {"id": tree["leaf"]}}) == ["reader"]
    assert roles_of(world, {"project": {"id": tree["top"]}}) == []
    token = world.token("u", "pw", {"project": {"id": tree["leaf"]}}, "d")
    assert [row["name"] for row in world.shown("/v3/auth/projects", token=token)] == ["leaf"]
    assert [row["name"] for row in world.shown(f"/v3/users/{tree['user']}/projects")] == ["leaf"]


def test_a_group_gives_its_members_roles_until_they_leave_it(world: World, tree: dict[str, str]) -> None:
    for where in (f"projects/{tree['top']}", f"domains/{tree['domain']}", "system"):
        assert world("PUT", f"/v3/{where}/groups/{tree['group']}/roles/{world.role('reader')}").status == 204
    scopes: list[dict[str, Any]] = [
        {"project": {"id": tree["top"]}},
        {"domain": {"id": tree["domain"]}},
        {"system": {"all": True}},
    ]
    assert [roles_of(world, scope) for scope in scopes] == [["reader"]] * 3
    token = world.token("u", "pw", scopes[0], "d")
    assert [row["name"] for row in world.shown("/v3/auth/domains", token=token)] == ["d"]
    assert world.shown("/v3/auth/system", token=token) == [{"all": True}]
    assert world("DELETE", f"/v3/groups/{tree['group']}/users/{tree['user']}").status == 204
    assert [roles_of(world, scope) for scope in scopes] == [[]] * 3


def test_inherited_roles_are_listed_apart_from_the_others(world: World, tree: dict[str, str]) -> None:
    where = f"domains/{tree['domain']}/users/{tree['user']}"
    inherit(world, where, "member")
    world.give(tree["user"], "reader", f"domains/{tree['domain']}")
    assert [row["name"] for row in world.shown(f"/v3/{where}/roles")] == ["reader"]
    shown = world.shown(f"/v3/OS-INHERIT/{where}/roles/inherited_to_projects")
    assert [row["name"] for row in shown] == ["member"]
    for query, expected in (("projects", ["projects"]), ("nothing", [None])):
        rows = world.shown(f"/v3/role_assignments?user.id={tree['user']}&scope.OS-INHERIT:inherited_to={query}")
        assert [row["scope"].get("OS-INHERIT:inherited_to") for row in rows] == expected


def test_an_effective_list_says_where_each_role_comes_from(world: World, tree: dict[str, str]) -> None:
    inherit(world, f"domains/{tree['domain']}/groups/{tree['group']}", "member")
    reader, member = world.role("reader"), world.role("member")
    rows = world.shown(f"/v3/role_assignments?effective&user.id={tree['user']}&scope.project.id={tree['leaf']}")
    assert {row["role"]["id"] for row in rows} == {member, reader}
    given = f"{BASE}/v3/OS-INHERIT/domains/{tree['domain']}/groups/{tree['group']}/roles/{member}/inherited_to_projects"
    for row in rows:
        assert row["links"]["assignment"] == given
        assert row["links"]["membership"] == f"{BASE}/v3/groups/{tree['group']}/users/{tree['user']}"
        assert row["scope"] == {"project": {"id": tree["leaf"]}, "OS-INHERIT:inherited_to": "projects"}
        assert ("prior_role" in row["links"]) is (row["role"]["id"] == reader)
    below = world.shown(f"/v3/role_assignments?effective&user.id={tree['user']}&role.id={member}&include_names")
    assert sorted(row["scope"]["project"]["name"] for row in below) == ["leaf", "top"]


def test_the_subtree_of_a_project_is_listed_with_it(world: World, tree: dict[str, str]) -> None:
    for place in ("top", "leaf"):
        world.give(tree["user"], "reader", f"projects/{tree[place]}")
    rows = world.shown(f"/v3/role_assignments?include_subtree&include_names&scope.project.id={tree['top']}")
    assert sorted(row["scope"]["project"]["name"] for row in rows) == ["leaf", "top"]
    reply = world("GET", "/v3/role_assignments?include_subtree")
    assert (reply.status, message(reply)) == (
        400,
        "scope.project.id must be specified if include_subtree is also specified",
    )


@pytest.mark.parametrize("query", ["", "effective", "include_names", "effective&include_names"])
def test_pages_of_assignments_hold_each_one_once(world: World, tree: dict[str, str], query: str) -> None:
    inherit(world, f"domains/{tree['domain']}/groups/{tree['group']}", "member")
    inherit(world, f"domains/{tree['domain']}/users/{tree['user']}", "manager")
    world.give(tree["user"], "reader", f"projects/{tree['top']}")
    everything = world.shown(f"/v3/role_assignments?{query}")
    seen, url = [], f"/v3/role_assignments?{query}&limit=2"
    while url:
        reply = world("GET", url)
        assert reply.status == 200, reply.decoded()
        page = reply.decoded()
        assert 1 <= len(page["role_assignments"]) <= 2
        seen += page["role_assignments"]
        url = (page["links"]["next"] or "").removeprefix(BASE)
    assert seen == everything
    assert len(seen) > 6
    assert world("GET", f"/v3/role_assignments?{query}&marker=nope").status == 404


def test_a_domains_manager_gives_inherited_roles_to_his_groups_only(world: World, tree: dict[str, str]) -> None:
    boss = world.user("boss", domain_id=tree["domain"])
    world.give(boss, "manager", f"domains/{tree['domain']}")
    token = world.token("boss", "pw", {"domain": {"id": tree["domain"]}}, "d")
    foreign = world.made("/v3/groups", {"group": {"name": "foreign", "domain_id": "default"}})["id"]
    for group, role, status in (
        (tree["group"], "member", 204),
        (tree["group"], "admin", 403),
        (foreign, "member", 403),
        ("nope", "member", 403),
    ):
        path = f"/v3/OS-INHERIT/domains/{tree['domain']}/groups/{group}/roles/{world.role(role)}/inherited_to_projects"
        assert world("PUT", path, token=token).status == status
    assert (
        world("GET", f"/v3/role_assignments?include_subtree&scope.project.id={tree['top']}", token=token).status == 200
    )
    elsewhere = world.shown("/v3/auth/projects")[0]["id"]
    path = f"/v3/role_assignments?include_subtree&scope.project.id={elsewhere}"
    assert world("GET", path, token=token).status == 403
