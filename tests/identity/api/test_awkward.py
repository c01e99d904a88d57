"""Texts that a database might choke on are kept, or refused with a sentence; never a fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from tests.identity.world import World

FEDERATION = "/v3/OS-FEDERATION"
RULES = [{"local": [{"user": {"name": "{0}"}}], "remote": [{"type": "UserName"}]}]
LONG, NUL, HALF, ASTRAL = "x" * 300, "a\x00b", "\udc41", "雲😀é"

CHOSEN: dict[str, dict[str, Any]] = {
    "/v3/regions/{}": {"region": {}},
    f"{FEDERATION}/identity_providers/{{}}": {"identity_provider": {}},
    f"{FEDERATION}/mappings/{{}}": {"mapping": {"rules": RULES}},
    f"{FEDERATION}/service_providers/{{}}": {"service_provider": {"auth_url": "http://a", "sp_url": "http://b"}},
}
NAMED: dict[str, dict[str, Any]] = {
    "/v3/users": {"user": {}},
    "/v3/groups": {"group": {}},
    "/v3/projects": {"project": {}},
    "/v3/domains": {"domain": {}},
    "/v3/roles": {"role": {}},
    "/v3/services": {"service": {"type": "t"}},
}


@pytest.mark.parametrize("path", CHOSEN)
def test_an_id_that_somebody_chose_is_kept_or_refused(world: World, path: str) -> None:
    assert world("PUT", path.format(quote(ASTRAL)), CHOSEN[path]).status == 201
    assert world("GET", path.format(quote(ASTRAL))).status == 200
    for bad in (LONG, NUL):
        assert world("PUT", path.format(quote(bad)), CHOSEN[path]).status == 400, bad[:10]


@pytest.mark.parametrize("path", NAMED)
def test_a_name_is_kept_or_refused(world: World, path: str) -> None:
    kind, body = next(iter(NAMED[path].items()))
    made = world.made(path, {kind: {**body, "name": ASTRAL, "description": ASTRAL * 100, "more": ASTRAL}})
    assert (made["name"], made["more"]) == (ASTRAL, ASTRAL)
    assert [row["id"] for row in world.shown(f"{path}?name={quote(ASTRAL)}")] == [made["id"]]
    for bad in (LONG, NUL, HALF):
        assert world("POST", path, {kind: {**body, "name": bad}}).status == 400, bad[:10]
        assert world("PATCH", f"{path}/{made['id']}", {kind: {"name": bad}}).status == 400, bad[:10]
    assert world("PATCH", f"{path}/{made['id']}", {kind: {"description": NUL}}).status == 400
    reply = world("PATCH", f"{path}/{made['id']}", {kind: {"name": f" {ASTRAL}2 "}})
    assert reply.decoded()[kind]["name"] == f"{ASTRAL}2"


@pytest.mark.parametrize("path", [*NAMED, "/v3/regions", "/v3/credentials", "/v3/policies", "/v3/limits"])
def test_whatever_is_asked_for_is_found_or_not(world: World, path: str) -> None:
    for bad in (LONG, NUL, ASTRAL):
        assert world("GET", f"{path}/{quote(bad)}").status in (400, 403, 404), bad[:10]
        for name in ("name", "name__icontains", "domain_id", "type", "marker", "user_id", "parent_region_id"):
            assert world("GET", f"{path}?{name}={quote(bad)}").status in (200, 400, 404), (name, bad[:10])
