"""OSSA-2020-005 (CVE-2020-12690): a token got by OAuth1 had all roles of the user, not those that were delegated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.identity.api.test_oauth1 import Program

if TYPE_CHECKING:
    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")


def test_a_token_got_by_oauth1_has_the_roles_that_were_delegated_and_no_others(world: World) -> None:
    program = Program(world, world.made("/v3/OS-OAUTH1/consumers", {"consumer": {}})).trusted("reader")
    reply = program.login()
    assert [row["name"] for row in reply.decoded()["token"]["roles"]] == ["reader"]
    delegated = reply.headers["x-subject-token"]
    assert world("POST", "/v3/users", {"user": {"name": "more"}}, token=delegated).status == 403
    assert world("GET", "/v3/users", token=world.admin).status == 200
