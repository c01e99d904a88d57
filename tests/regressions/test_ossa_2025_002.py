"""CVE-2025-65073: whoever had a presigned URL got a token for it, without saying who he was himself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.identity.world import World

pytestmark = pytest.mark.databases("sqlite")

SIGNED: dict[str, Any] = {
    "access": "a",
    "signature": "s",
    "token": "R0VUCgoK",
    "host": "identity.test",
    "verb": "GET",
    "path": "/",
    "params": {"SignatureVersion": "2", "SignatureMethod": "HmacSHA256", "Timestamp": "2026-01-01T12:00:00Z"},
}


@pytest.mark.parametrize("path", ["/v3/ec2tokens", "/v3/s3tokens", "/v2.0/ec2tokens", "/v2.0/s3tokens"])
def test_a_signature_alone_is_no_proof(world: World, path: str) -> None:
    member = world.token("demo", "secret")
    owner = world.validated(member).decoded()["token"]
    keys = f"/v3/users/{owner['user']['id']}/credentials/OS-EC2"
    access = world.made(keys, {"tenant_id": owner["project"]["id"]}, token=member)["access"]
    for body in ({"credentials": {**SIGNED, "access": access}}, {"ec2Credentials": {**SIGNED, "access": access}}):
        assert world("POST", path, body, token="").status == 401
        reply = world("POST", path, body, token=member)
        assert reply.status in (403, 404)
        assert "x-subject-token" not in reply.headers
