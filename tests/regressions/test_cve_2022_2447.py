"""A token outlived the application credential, the trust or the access token that it was got with."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.identity.api.test_login import by_trust, chosen, credential, own, show, trusted
from tests.identity.api.test_oauth1 import Program

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


def test_a_token_ends_no_later_than_the_access_token_of_oauth1(world: World) -> None:
    chosen(world, access_token_duration=timedelta(minutes=5))
    program = Program(world, world.made("/v3/OS-OAUTH1/consumers", {"consumer": {}})).trusted("reader")
    reply = program.login()
    assert reply.decoded()["token"]["expires_at"] == "2026-01-01T12:05:00.123456Z"
    world.clock.sleep(300)
    assert world.validated(reply.headers["x-subject-token"]).status == 404
