"""OSSA-2020-003: a signed request that was overheard was good again, at any time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.identity.api.test_oauth1 import LOGIN, OAUTH, Program

if TYPE_CHECKING:
    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def program(world: World) -> Program:
    return Program(world, world.made(f"{OAUTH}/consumers", {"consumer": {}})).trusted("reader")


def test_a_signed_login_is_taken_once(program: Program) -> None:
    overheard = program.headers("/v3/auth/tokens")
    assert [program.post("/v3/auth/tokens", sent=overheard, body=LOGIN).status for _ in range(2)] == [201, 401]


@pytest.mark.parametrize("skew_s", [-601, 601])
def test_a_signature_is_good_for_minutes_and_not_before(world: World, program: Program, skew_s: int) -> None:
    overheard = program.headers("/v3/auth/tokens")
    world.clock.sleep(skew_s)
    assert program.post("/v3/auth/tokens", sent=overheard, body=LOGIN).status == 401


def test_a_login_cannot_be_repeated_for_as_long_as_its_signature_is_good(world: World, program: Program) -> None:
    overheard = program.headers("/v3/auth/tokens")
    world.clock.sleep(-600)
    assert program.post("/v3/auth/tokens", sent=overheard, body=LOGIN).status == 201
    for _ in range(3):
        world.clock.sleep(400)
        assert program.post("/v3/auth/tokens", sent=overheard, body=LOGIN).status == 401
