"""A refused login told whether an account of that name, or that id, existed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pileus.kit.http.message import Reply
    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")


def login_by_id(world: World, user_id: str) -> Reply:
    user: dict[str, Any] = {"id": user_id, "password": "wrong"}
    auth = {"identity": {"methods": ["password"], "password": {"user": user}}}
    return world("POST", "/v3/auth/tokens", {"auth": auth}, token="")


def test_every_refusal_looks_the_same(world: World) -> None:
    known, off = world.user("known"), world.user("off", enabled=False)
    replies = [login_by_id(world, each) for each in (known, off, "nobody")]
    replies += [world.login(each, "wrong") for each in ("known", "off", "nobody") * 3]
    replies.append(world.login("off", "pw"))
    for each in (known, off, "nobody"):
        body = {"user": {"original_password": "wrong", "password": "new"}}
        replies.append(world("POST", f"/v3/users/{each}/password", body, token=""))
    seen = {
        (
            reply.status,
            reply.body,
            frozenset(reply.headers.items() - {("x-openstack-request-id", reply.headers["x-openstack-request-id"])}),
        )
        for reply in replies
    }
    assert len(seen) == 1
