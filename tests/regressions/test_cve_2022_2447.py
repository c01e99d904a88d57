"""A token outlived the application credential, or the trust, that it was got with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.identity.api.test_login import by_trust, credential, own, show, trusted

if TYPE_CHECKING:
    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")
SOON = "2026-01-01T12:05:00.000000Z"


def test_a_token_ends_no_later_than_its_application_credential(world: World) -> None:
    owner, _, token = own(world)
    made = credential(world, owner, token, expires_at=SOON)
    reply = show(world, {"application_credential": {"id": made["id"], "secret": made["secret"]}})
    assert reply.decoded()["token"]["expires_at"] == SOON


def test_a_token_ends_no_later_than_its_trust(world: World) -> None:
    _, _, token, trust = trusted(world, expires_at=SOON)
    assert by_trust(world, token, trust).decoded()["token"]["expires_at"] == SOON
    world.clock.sleep(301)
    assert by_trust(world, token, trust).status == 401
