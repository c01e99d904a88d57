"""Only the first 72 characters of a secret were compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")


def test_a_long_password_counts_to_its_end(world: World) -> None:
    long = "x" * 71 + "ё" * 100
    world.user("u", long)
    assert world.login("u", long).status == 201
    for near in (long[:-1], long[:72], long[:72] + "y" * 99, long + "x", "x" * 71):
        assert world.login("u", near).status == 401
