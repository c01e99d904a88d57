from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from pileus.identity.model.password_rule import PasswordRules
from pileus.identity.service import new_service
from pileus.kit.http.app import App
from tests.identity.world import UNSCOPED, message

if TYPE_CHECKING:
    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")
DAY = timedelta(days=1)


def ruled(world: World, **rules: Any) -> World:
    """Let an operator demand something from now on."""
    world.backend = replace(world.backend, password_rules=PasswordRules(**rules))
    world.app = App(new_service(world.backend))
    return world


def change(world: World, user_id: str, old: str, new: str) -> tuple[int, str]:
    body = {"user": {"original_password": old, "password": new}}
    reply = world("POST", f"/v3/users/{user_id}/password", body, token="")
    return reply.status, message(reply) if reply.body else ""


def test_a_weak_password_is_refused_wherever_it_is_set(world: World) -> None:
    ruled(world, password_regex="^[a-z]{4,}$", password_regex_description="four letters")
    refusal = (400, "The password does not match the requirements: four letters.")
    owner = world.user("u", "strong")
    assert world("POST", "/v3/users", {"user": {"name": "x", "password": "1"}}).status == 400
    reply = world("PATCH", f"/v3/users/{owner}", {"user": {"password": "1"}})
    assert (reply.status, message(reply)) == refusal
    assert change(world, owner, "strong", "1") == refusal
    assert world.login("u", "strong", UNSCOPED).status == 201


def test_an_old_password_is_refused_until_enough_others_came(world: World) -> None:
    ruled(world, unique_last_password_count=2)
    owner = world.user("u", "one")
    assert change(world, owner, "one", "one")[0] == 400
    assert change(world, owner, "one", "two")[0] == 204
    status, why = change(world, owner, "two", "one")
    assert (status, why.endswith("must be unique is 2.")) == (400, True)
    assert change(world, owner, "two", "three")[0] == 204
    assert change(world, owner, "three", "one")[0] == 204


def test_an_administrator_may_set_an_old_password_and_it_counts_as_one(world: World) -> None:
    ruled(world, unique_last_password_count=3)
    owner = world.user("u", "one")
    for new in ("two", "one"):
        assert world("PATCH", f"/v3/users/{owner}", {"user": {"password": new}}).status == 200
    assert change(world, owner, "one", "two")[0] == 400


def test_a_password_that_expired_is_good_for_getting_a_new_one_only(world: World) -> None:
    ruled(world, password_expires_days=2)
    owner = world.user("u", "old")
    expires_at = world.shown(f"/v3/users/{owner}")["password_expires_at"]
    assert expires_at == (world.clock.now() + 2 * DAY).replace(microsecond=0).isoformat(timespec="microseconds")
    world.clock.at += 2 * DAY
    world.admin = world.token("admin", "secret")
    assert change(world, owner, "old", "new")[0] == 204
    assert world.shown(f"/v3/users/{owner}")["password_expires_at"] > expires_at


def test_users_are_found_by_when_their_passwords_expire(world: World) -> None:
    world.user("never")
    ruled(world, password_expires_days=2)
    expires_at = world.shown(f"/v3/users/{world.user('u')}")["password_expires_at"][:19] + "Z"

    def found(text: str) -> list[str]:
        return [row["name"] for row in world.shown(f"/v3/users?password_expires_at={text}")]

    assert [found(f"{each}:{expires_at}") for each in ("lte", "gte", "eq")] == [["u"]] * 3
    assert found(expires_at) == ["u"]
    assert [found(f"{each}:{expires_at}") for each in ("lt", "gt", "neq")] == [[]] * 3
    assert found("lt:2999-01-01T00:00:00Z") == ["u"]
    for text, why in (
        ("xx:2026-01-01T00:00:00Z", "The given operator xx is not valid."),
        ("lt:soon", "Timestamp not"),
        ("lt:0001-01-01T00:00:00%2B14:00", "Timestamp not"),
    ):
        reply = world("GET", f"/v3/users?password_expires_at={text}")
        assert (reply.status, message(reply).startswith(why)) == (400, True)


def test_a_user_may_not_change_a_password_too_soon_or_that_is_locked(world: World) -> None:
    ruled(world, minimum_password_age=1)
    owner = world.user("u", "one")
    assert change(world, owner, "one", "two")[0] == 204
    status, why = change(world, owner, "two", "three")
    assert (status, "must be used for 1 day(s)" in why) == (400, True)
    world.clock.at += DAY
    assert change(world, owner, "two", "three")[0] == 204
    world.admin = world.token("admin", "secret")
    world("PATCH", f"/v3/users/{owner}", {"user": {"options": {"lock_password": True}}})
    world.clock.at += DAY
    assert change(world, owner, "wrong", "four")[0] == 401
    status, why = change(world, owner, "three", "four")
    assert (status, "disallowing password changes" in why) == (400, True)


def test_who_was_away_for_long_is_shown_as_disabled_until_he_is_enabled(world: World) -> None:
    ruled(world, disable_user_account_days_inactive=3)
    owner = world.user("u", "old")
    world.clock.at += 3 * DAY
    world.admin = world.token("admin", "secret")
    assert change(world, owner, "old", "new")[0] == 401
    assert world.shown(f"/v3/users/{owner}")["enabled"] is False
    assert world("PATCH", f"/v3/users/{owner}", {"user": {"enabled": True}}).decoded()["user"]["enabled"] is True
    assert change(world, owner, "old", "new")[0] == 204


def test_all_tokens_of_a_user_can_be_made_void_by_him_and_by_administrators(world: World) -> None:
    owner, other = world.user("u"), world.user("v")
    first, second = world.token("u"), world.token("u")
    assert world("DELETE", f"/v3/users/{other}/tokens", token=first).status == 403
    assert world("DELETE", f"/v3/users/{owner}/tokens", token=first).status == 204
    assert [world("GET", "/v3/auth/projects", token=each).status for each in (first, second)] == [401, 401]
    assert world("DELETE", f"/v3/users/{other}/tokens").status == 204
    assert world("DELETE", "/v3/users/nobody/tokens").status == 404
