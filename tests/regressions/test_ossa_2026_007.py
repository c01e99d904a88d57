"""A text such as `FALSE` counted as yes where it said whether a user is enabled, so disabled users logged in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")


@pytest.mark.parametrize("enabled", ["FALSE", "False", "false", "TRUE", "", 0, 1, None, []])
def test_what_is_neither_true_nor_false_enables_nobody(world: World, enabled: Any) -> None:
    owner = world.user("off", enabled=False)
    assert world("PATCH", f"/v3/users/{owner}", {"user": {"enabled": enabled}}).status == 400
    assert world("POST", "/v3/users", {"user": {"name": "new", "password": "pw", "enabled": enabled}}).status == 400
    assert world.shown(f"/v3/users/{owner}")["enabled"] is False
    assert [world.login(name).status for name in ("off", "new")] == [401, 401]
