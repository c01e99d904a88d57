from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.identity.world import UNSCOPED, message

if TYPE_CHECKING:
    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")


def change(world: World, user_id: str, old: str, new: Any, token: str = "") -> int:
    body = {"user": {"original_password": old, "password": new}}
    return world("POST", f"/v3/users/{user_id}/password", body, token=token).status


def test_a_user_is_shown_without_any_password(world: World) -> None:
    made = world.made("/v3/users", {"user": {"name": "u", "password": "pw", "email": "u@example.com", "federated": []}})
    assert made == {
        "id": made["id"],
        "name": "u",
        "domain_id": "default",
        "enabled": True,
        "email": "u@example.com",
        "options": {},
        "password_expires_at": None,
        "links": {"self": f"http://identity.test:5000/v3/users/{made['id']}"},
    }
    assert {**world.shown(f"/v3/users/{made['id']}")} == made


def test_a_user_changes_his_own_password_and_all_his_tokens_are_void(world: World) -> None:
    owner = world.user("u", "old")
    token = world.token("u", "old", UNSCOPED)
    child = world.exchange(token).headers["x-subject-token"]
    assert change(world, owner, "old", "new", token) == 204
    assert [world("GET", "/v3/auth/projects", token=each).status for each in (token, child)] == [401, 401]
    assert world.exchange(token).status == 404
    assert (world.login("u", "old").status, world.login("u", "new").status) == (401, 201)


def test_knowing_the_old_password_is_enough_and_nothing_else_is(world: World) -> None:
    owner = world.user("u", "old")
    other = world.token("demo", "secret")
    assert change(world, owner, "wrong", "new") == 401
    assert change(world, owner, "wrong", "new", world.admin) == 401
    assert change(world, "nobody", "old", "new", world.admin) == 401
    assert change(world, owner, "old", None) == 400
    assert change(world, owner, "old", "x" * 5000) == 400
    assert change(world, owner, "old", "new", other) == 204
    world("PATCH", f"/v3/users/{owner}", {"user": {"enabled": False}})
    assert change(world, owner, "new", "newer") == 401


def test_a_user_without_a_password_cannot_get_one_himself(world: World) -> None:
    owner = world.user("u", None)
    assert change(world, owner, "", "new") == 401
    assert world.login("u", "").status == 401


def test_an_administrator_sets_any_password_his_own_too(world: World) -> None:
    owner = world.user("u", "old")
    token = world.token("u", "old")
    assert world("PATCH", f"/v3/users/{owner}", {"user": {"password": "new"}}).status == 200
    assert world("GET", "/v3/auth/projects", token=token).status == 401
    assert world.login("u", "new").status == 201
    admin = world.shown("/v3/users?name=admin")[0]["id"]
    assert world("PATCH", f"/v3/users/{admin}", {"user": {"password": "mine"}}).status == 200
    assert world("GET", "/v3/users").status == 401
    world.admin = world.token("admin", "mine")
    assert world("GET", "/v3/users").status == 200


def test_a_password_of_null_leaves_the_user_without_one(world: World) -> None:
    owner = world.user("u", "old")
    token = world.token("u", "old")
    assert world("PATCH", f"/v3/users/{owner}", {"user": {"password": None}}).status == 200
    assert world("GET", "/v3/auth/projects", token=token).status == 401
    assert world.login("u", "old").status == 401


def test_a_change_that_is_no_secret_leaves_tokens_alone(world: World) -> None:
    owner = world.user("u")
    token = world.token("u")
    assert world("PATCH", f"/v3/users/{owner}", {"user": {"name": "v", "email": "x", "enabled": True}}).status == 200
    assert world("GET", "/v3/auth/projects", token=token).status == 200


def test_a_user_may_not_change_himself_otherwise(world: World) -> None:
    owner = world.user("u")
    token = world.token("u")
    assert world("GET", f"/v3/users/{owner}", token=token).status == 200
    assert world("PATCH", f"/v3/users/{owner}", {"user": {"email": "x"}}, token=token).status == 403
    assert world("DELETE", f"/v3/users/{owner}", token=token).status == 403


def test_a_default_project_may_be_anything_but_a_domain(world: World) -> None:
    for project_id in ("gone", None):
        owner = world.user(f"u {project_id}", default_project_id=project_id)
        assert world.shown(f"/v3/users/{owner}").get("default_project_id") == project_id
    body = {"user": {"name": "x", "default_project_id": "default"}}
    reply = world("POST", "/v3/users", body)
    assert (reply.status, message(reply)) == (400, "User's default project ID cannot be a domain ID: default")
    assert world("PATCH", f"/v3/users/{owner}", {"user": {"default_project_id": "default"}}).status == 400
    assert world("PATCH", f"/v3/users/{owner}", {"user": {"default_project_id": ""}}).status == 400


def test_a_domain_that_does_not_exist_takes_no_user(world: World) -> None:
    assert world("POST", "/v3/users", {"user": {"name": "x", "domain_id": "nope"}}).status == 404


@pytest.mark.parametrize(
    "options",
    [
        {"moon": True},
        {"lock_password": "yes"},
        {"multi_factor_auth_rules": [[]]},
        {"multi_factor_auth_rules": [["password", "password"]]},
        {"multi_factor_auth_rules": [["password"], ["password"]]},
        {"multi_factor_auth_rules": "password"},
    ],
)
def test_an_option_that_is_none_is_refused(world: World, options: dict[str, Any]) -> None:
    assert world("POST", "/v3/users", {"user": {"name": "x", "options": options}}).status == 400


def test_every_option_is_kept_and_shown(world: World) -> None:
    options = {
        "ignore_change_password_upon_first_use": True,
        "ignore_password_expiry": True,
        "ignore_lockout_failure_attempts": False,
        "ignore_user_inactivity": True,
        "lock_password": True,
        "multi_factor_auth_enabled": True,
        "multi_factor_auth_rules": [["password", "totp"], ["password", "application_credential"]],
    }
    assert world.shown(f"/v3/users/{world.user('u', options=options)}")["options"] == options


def test_options_are_merged_and_null_removes_one(world: World) -> None:
    owner = world.user("u", options={"ignore_lockout_failure_attempts": True, "ignore_password_expiry": True})
    path = f"/v3/users/{owner}"
    world("PATCH", path, {"user": {"options": {"ignore_password_expiry": None, "ignore_user_inactivity": False}}})
    assert world.shown(path)["options"] == {"ignore_lockout_failure_attempts": True, "ignore_user_inactivity": False}
    world("PATCH", path, {"user": {"email": "x"}})
    assert len(world.shown(path)["options"]) == 2


def test_a_deleted_user_takes_his_tokens_and_roles_along(world: World) -> None:
    inside = world.made("/v3/projects", {"project": {"name": "p"}})["id"]
    owner = world.user("u")
    world.give(owner, "member", f"projects/{inside}")
    token = world.token("u", "pw", {"project": {"id": inside}})
    assert world("DELETE", f"/v3/users/{owner}").status == 204
    assert world("GET", "/v3/auth/projects", token=token).status == 401
    assert world.validated(token).status == 404
    assert world.shown(f"/v3/role_assignments?user.id={owner}") == []
    assert world("DELETE", f"/v3/users/{owner}").status == 404


def test_who_is_scoped_to_a_domain_makes_and_sees_what_is_in_it(world: World) -> None:
    home = world.made("/v3/domains", {"domain": {"name": "d"}})["id"]
    boss = world.user("boss", domain_id=home)
    world.give(boss, "admin", f"domains/{home}")
    token = world.token("boss", "pw", {"domain": {"id": home}}, "d")
    made = world.made("/v3/users", {"user": {"name": "u"}}, token=token)
    assert made["domain_id"] == home
    assert world.made("/v3/projects", {"project": {"name": "p"}}, token=token)["domain_id"] == home
    assert {row["name"] for row in world.shown("/v3/users", token=token)} == {"boss", "u"}
    assert [row["name"] for row in world.shown("/v3/projects", token=token)] == ["p"]
    assert [row["name"] for row in world.shown("/v3/domains", token=token)] == ["d"]
    assert world.shown("/v3/users?domain_id=default", token=token) == []


def test_a_users_projects_are_for_him_and_administrators(world: World) -> None:
    owner = world.user("u")
    path = f"/v3/users/{owner}/projects"
    assert world.shown(path, token=world.token("u")) == world.shown(path) == []
    assert world("GET", path, token=world.token("demo", "secret")).status == 403
    assert world("GET", "/v3/users/nope/projects").status == 404
