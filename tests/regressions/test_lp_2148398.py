"""A member `target` in a request's body replaced what the policy looked at, so callers could name themselves owner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")


def test_a_target_in_the_body_does_not_matter(world: World) -> None:
    demo = world.token("demo", "secret")
    me = world.validated(demo).decoded()["token"]["user"]["id"]
    victim = world.user("victim")
    target: dict[str, Any] = {"user": {"id": me, "domain_id": "default"}, "project": {"domain_id": "default"}}
    requests = [
        ("PATCH", f"/v3/users/{victim}", "user"),
        ("POST", "/v3/users", "user"),
        ("POST", "/v3/projects", "project"),
        ("POST", "/v3/roles", "role"),
        ("POST", "/v3/domains", "domain"),
    ]
    for method, path, kind in requests:
        inside = {kind: {"name": "x", "target": target, "target.user.id": me, "user_id": me}}
        assert world(method, path, inside, token=demo).status == 403, path
        beside = {kind: {"name": "x"}, "target": target}
        assert world(method, path, beside, token=demo).status == 400, path


def test_a_domain_named_in_the_body_is_only_looked_up(world: World) -> None:
    mine = world.made("/v3/domains", {"domain": {"name": "mine"}})["id"]
    other = world.made("/v3/domains", {"domain": {"name": "other"}})["id"]
    boss = world.user("boss", domain_id=mine)
    world.give(boss, "manager", f"domains/{mine}")
    token = world.token("boss", "pw", {"domain": {"id": mine}}, "mine")
    for kind in ("user", "project"):
        for domain_id, status in ((mine, 201), (other, 403), ("nope", 403)):
            body = {kind: {"name": "x", "domain_id": domain_id}}
            assert world("POST", f"/v3/{kind}s", body, token=token).status == status, (kind, domain_id)
    stranger = world.user("stranger", domain_id=other)
    body = {"user": {"name": "y", "domain_id": mine}}
    assert world("PATCH", f"/v3/users/{stranger}", body, token=token).status == 403
