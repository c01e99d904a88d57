"""Tokens lived on: got for one another, of disabled users, of users with a new password."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.identity.world import UNSCOPED

if TYPE_CHECKING:
    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")


def is_good(world: World, token: str) -> bool:
    return world("GET", "/v3/auth/projects", token=token).status == 200


def test_tokens_for_tokens_end_when_the_first_ends(world: World) -> None:
    token = world.token("demo", "secret")
    for _ in range(5):
        world.clock.sleep(600)
        token = world.exchange(token, UNSCOPED).headers["x-subject-token"]
    assert is_good(world, token)
    world.clock.sleep(600)
    assert not is_good(world, token)
    assert world.exchange(token).status == 404


def test_a_disabled_users_token_is_void_and_buys_no_other(world: World) -> None:
    owner = world.user("u")
    token = world.token("u")
    world("PATCH", f"/v3/users/{owner}", {"user": {"enabled": False}})
    assert not is_good(world, token)
    assert world.exchange(token).status == 404
    assert world.validated(token).status == 404


def test_a_new_password_voids_tokens_even_those_of_the_same_instant(world: World) -> None:
    owner = world.user("u", "old")
    tokens = [world.token("u", "old"), world.token("u", "old", UNSCOPED)]
    tokens.append(world.exchange(tokens[0]).headers["x-subject-token"])
    body = {"user": {"original_password": "old", "password": "new"}}
    assert world("POST", f"/v3/users/{owner}/password", body, token=tokens[0]).status == 204  # the clock stands still
    assert not any(is_good(world, each) for each in tokens)
    assert is_good(world, world.token("u", "new"))


def test_a_clock_that_runs_ahead_elsewhere_keeps_no_token_alive(world: World) -> None:
    owner = world.user("u", "old")
    world.clock.sleep(300)
    token = world.token("u", "old")  # by a host whose clock is five minutes fast
    world.clock.sleep(-300)
    world("PATCH", f"/v3/users/{owner}", {"user": {"password": "new"}})
    assert not is_good(world, token)
