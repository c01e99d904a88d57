from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.identity.world import BASE, SYSTEM, message

if TYPE_CHECKING:
    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def parts(world: World) -> dict[str, str]:
    """A domain with a project, a user and a role of its own."""
    home = world.made("/v3/domains", {"domain": {"name": "d"}})["id"]
    return {
        "domain": home,
        "project": world.made("/v3/projects", {"project": {"name": "p", "domain_id": home}})["id"],
        "user": world.user("u", domain_id=home),
        "role": world.made("/v3/roles", {"role": {"name": "own", "domain_id": home}})["id"],
    }


def listed(world: World, query: str, token: str | None = None) -> list[tuple[str, str]]:
    """Return what is listed as (role, kind of scope)."""
    rows = world.shown(f"/v3/role_assignments?{query}&include_names", token=token)
    return sorted((row["role"]["name"], next(iter(row["scope"]))) for row in rows)


@pytest.mark.parametrize("place", ["projects", "domains", "system"])
@pytest.mark.databases("sqlite", "postgresql", "mariadb")
def test_a_role_is_given_checked_and_taken_away(world: World, parts: dict[str, str], place: str) -> None:
    where = place if place == "system" else f"{place}/{parts[place.removesuffix('s')]}"
    path = f"/v3/{where}/users/{parts['user']}/roles"
    one = f"{path}/{world.role('member')}"
    assert [world(method, one).status for method in ("HEAD", "GET", "DELETE")] == [404, 404, 404]
    assert [world("PUT", one).status for _ in range(2)] == [204, 204]
    assert [world(method, one).status for method in ("HEAD", "GET")] == [204, 204]
    assert [row["name"] for row in world.shown(path)] == ["member"]
    assert [world("DELETE", one).status for _ in range(2)] == [204, 404]
    assert world.shown(path) == []


def test_what_is_not_there_is_named(world: World, parts: dict[str, str]) -> None:
    project, user, member = parts["project"], parts["user"], world.role("member")
    reply = world("GET", f"/v3/projects/{project}/users/{user}/roles/{member}")
    assert message(reply) == (
        f"Could not find role assignment with role: {member}, user or group: {user},"
        f" project, domain, or system: {project}."
    )
    for path, sentence in {
        f"projects/nope/users/{user}/roles/{member}": "Could not find project: nope.",
        f"projects/{project}/users/nope/roles/{member}": "Could not find user: nope.",
        f"projects/{project}/users/{user}/roles/nope": "Could not find role: nope.",
        f"domains/nope/users/{user}/roles/{member}": "Could not find domain: nope.",
        "system/users/nope/roles/x": "Could not find user: nope.",
    }.items():
        for method in ("GET", "PUT", "DELETE"):
            assert (world(method, f"/v3/{path}").status, message(world(method, f"/v3/{path}"))) == (404, sentence)
    assert world("GET", f"/v3/projects/nope/users/{user}/roles").status == 404


def test_a_domains_own_role_is_given_on_its_projects_only(world: World, parts: dict[str, str]) -> None:
    admin = world.shown("/v3/auth/projects")[0]["id"]
    user, role = parts["user"], parts["role"]
    assert world("PUT", f"/v3/projects/{parts['project']}/users/{user}/roles/{role}").status == 204
    assert world("PUT", f"/v3/domains/{parts['domain']}/users/{user}/roles/{role}").status == 204
    assert world("PUT", f"/v3/projects/{admin}/users/{user}/roles/{role}").status == 403
    assert world("PUT", f"/v3/domains/default/users/{user}/roles/{role}").status == 204
    assert world("PUT", f"/v3/system/users/{user}/roles/{role}").status == 400


def test_assignments_are_listed_with_each_filter(world: World, parts: dict[str, str]) -> None:
    user, project, domain = parts["user"], parts["project"], parts["domain"]
    world.give(user, "member", f"projects/{project}")
    world.give(user, "reader", f"domains/{domain}")
    world.give(user, "admin", "system")
    mine = f"user.id={user}"
    assert listed(world, mine) == [("admin", "system"), ("member", "project"), ("reader", "domain")]
    for query, expected in {
        f"{mine}&scope.project.id={project}": [("member", "project")],
        f"scope.domain.id={domain}": [("reader", "domain")],
        f"{mine}&scope.system": [("admin", "system")],
        f"{mine}&scope.system=all": [("admin", "system")],
        f"{mine}&role.id={world.role('reader')}": [("reader", "domain")],
        f"{mine}&role.id=nope": [],
        "user.id=nope": [],
        "scope.project.id=nope": [],
        "group.id=nope": [],
        f"{mine}&scope.OS-INHERIT:inherited_to=projects": [],
        f"{mine}&effective=0&scope.project.id={project}": [("member", "project")],
        f"{mine}&effective&scope.project.id={project}": [("member", "project"), ("reader", "project")],
        f"{mine}&effective&role.id={world.role('reader')}": [
            ("reader", "domain"),
            ("reader", "project"),
            ("reader", "system"),
        ],
    }.items():
        assert listed(world, query) == expected, query
    assert world("GET", f"/v3/role_assignments?scope.project.id={project}&scope.domain.id={domain}").status == 400
    assert world("GET", "/v3/role_assignments?effective&group.id=g").status == 400


def test_an_assignment_names_its_parts_if_asked(world: World, parts: dict[str, str]) -> None:
    user, project, domain = parts["user"], parts["project"], parts["domain"]
    member = world.role("member")
    world.give(user, "member", f"projects/{project}")
    path = f"/v3/role_assignments?user.id={user}"
    link = f"{BASE}/v3/projects/{project}/users/{user}/roles/{member}"
    plain: dict[str, Any] = {
        "scope": {"project": {"id": project}},
        "user": {"id": user},
        "role": {"id": member},
        "links": {"assignment": link},
    }
    home = {"id": domain, "name": "d"}
    named = {
        "scope": {"project": {"id": project, "name": "p", "domain": home}},
        "user": {"id": user, "name": "u", "domain": home},
        "role": {"id": member, "name": "member"},
        "links": {"assignment": link},
    }
    for suffix in ("", "&include_names=0", "&include_names=False"):
        assert world.shown(path + suffix) == [plain]
    for suffix in ("&include_names", "&include_names=true", "&include_names=1"):
        assert world.shown(path + suffix) == [named]
    reply = world("GET", f"{path}&effective").decoded()
    assert {row["links"]["assignment"] for row in reply["role_assignments"]} == {link}
    assert reply["links"]["self"] == f"{BASE}{path}&effective"


def test_what_was_given_twice_is_effective_for_each_reason(world: World, parts: dict[str, str]) -> None:
    for role in ("member", "reader"):
        world.give(parts["user"], role, f"projects/{parts['project']}")
    path = f"/v3/role_assignments?user.id={parts['user']}&effective&role.id={world.role('reader')}"
    given = sorted(row["links"]["assignment"].rpartition("/")[2] for row in world.shown(path))
    assert given == sorted([world.role("member"), world.role("reader")])


def test_a_domains_own_role_is_not_effective(world: World, parts: dict[str, str]) -> None:
    path = f"/v3/domains/{parts['domain']}/users/{parts['user']}/roles/{parts['role']}"
    assert world("PUT", path).status == 204
    assert listed(world, f"user.id={parts['user']}") == [("own", "domain")]
    assert listed(world, f"user.id={parts['user']}&effective") == []


def test_a_domains_manager_gives_lesser_roles_within_it(world: World, parts: dict[str, str]) -> None:
    boss = world.user("boss", domain_id=parts["domain"])
    world.give(boss, "manager", f"domains/{parts['domain']}")
    token = world.token("boss", "pw", {"domain": {"id": parts["domain"]}}, "d")
    stranger = world.user("stranger")
    elsewhere = world.made("/v3/projects", {"project": {"name": "elsewhere"}})["id"]
    expected = {
        (parts["project"], parts["user"], "member"): 204,
        (parts["project"], parts["user"], "manager"): 204,
        (parts["project"], parts["user"], "admin"): 403,
        (parts["project"], parts["user"], "service"): 403,
        (parts["project"], stranger, "member"): 403,
        (elsewhere, parts["user"], "member"): 403,
        (elsewhere, stranger, "member"): 403,
        ("nope", parts["user"], "member"): 403,
        (parts["project"], "nope", "member"): 403,
    }
    for (project, user, role), status in expected.items():
        path = f"/v3/projects/{project}/users/{user}/roles/{world.role(role)}"
        assert world("PUT", path, token=token).status == status, (project, user, role)
    assert world("PUT", f"/v3/system/users/{boss}/roles/{world.role('reader')}", token=token).status == 403
    assert {kind for _, kind in listed(world, "", token)} == {"domain", "project"}


def test_a_reader_of_the_system_sees_all_and_changes_nothing(world: World, parts: dict[str, str]) -> None:
    world.give(parts["user"], "reader", "system")
    token = world.token("u", "pw", SYSTEM, "d")
    assert listed(world, f"user.id={parts['user']}", token) == [("reader", "system")]
    assert world("GET", "/v3/users", token=token).status == 200
    assert world("POST", "/v3/users", {"user": {"name": "x"}}, token=token).status == 403
    path = f"/v3/system/users/{parts['user']}/roles/{world.role('admin')}"
    assert (world("GET", path, token=token).status, world("PUT", path, token=token).status) == (404, 403)


def test_a_deleted_role_is_taken_from_everybody(world: World, parts: dict[str, str]) -> None:
    made = world.made("/v3/roles", {"role": {"name": "r"}})["id"]
    path = f"/v3/projects/{parts['project']}/users/{parts['user']}/roles"
    assert world("PUT", f"{path}/{made}").status == 204
    assert world("DELETE", f"/v3/roles/{made}").status == 204
    assert world.shown(path) == []
