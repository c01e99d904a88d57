"""What every reply says of itself, whatever became of the request."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from pileus.kit.http.message import Query, Reply, Request
from pileus.placement.api import versions

if TYPE_CHECKING:
    from pileus.kit.db import Database
    from tests.placement.conftest import Client

pytestmark = pytest.mark.databases("sqlite")
CONSUMER = "a1c4b1c0-3d2b-4e0b-9c1e-0f3b8a6d7e55"
MISSING = "/resource_providers/5d0d4ea1-8d3a-44f4-a1a1-6d0a7d4e8f10"
NEWEST = str(versions.HISTORY.newest)

# (status, method, path, body, headers)
REPLIES: list[tuple[int, str, str, Any, dict[str, str]]] = [
    (200, "GET", "/", None, {}),
    (200, "GET", "/resource_providers", None, {}),
    (200, "POST", "/resource_providers", {"name": "new"}, {}),
    (201, "POST", "/resource_classes", {"name": "CUSTOM_X"}, {}),
    (204, "PUT", "/allocations/{consumer}", {"host": 1}, {}),
    (400, "POST", "/resource_providers", {"cow": 1}, {}),
    (400, "GET", "/resource_providers?cow=1", None, {}),
    (400, "GET", "/resource_providers", None, {"openstack-api-version": "placement x"}),
    (401, "GET", "/resource_providers", None, {"x-auth-token": ""}),
    (401, "GET", "/nowhere", None, {"x-auth-token": ""}),
    (403, "GET", "/resource_providers", None, {"x-auth-token": "reader"}),
    (404, "GET", MISSING, None, {}),
    (404, "GET", "/nowhere", None, {}),
    (404, "DELETE", "/allocations/{consumer}", None, {}),
    (405, "PATCH", "/resource_providers", None, {}),
    (406, "GET", "/resource_providers", None, {"accept": "text/plain"}),
    (406, "GET", "/resource_providers", None, {"openstack-api-version": "placement 1.99"}),
    (409, "PUT", "/allocations/{consumer}", {"host": 9}, {}),
    (409, "POST", "/resource_providers", {"name": "host"}, {}),
    (413, "POST", "/resource_providers", {"name": "x" * 2**20}, {}),
    (415, "POST", "/resource_providers", {"name": "new"}, {"content-type": "text/plain"}),
]


def ask(client: Client, method: str, path: str, body: Any, headers: dict[str, str]) -> Reply:
    host = client.provider("host", VCPU={"total": 4})
    if "{consumer}" in path and body is not None:
        wanted = {host: {"resources": {"VCPU": body["host"]}}}
        body = {"allocations": wanted, "consumer_generation": None, "project_id": "p", "user_id": "u"}
        body["consumer_type"] = "INSTANCE"
    path, _, query = path.replace("{consumer}", CONSUMER).partition("?")
    sent = {"openstack-api-version": f"placement {NEWEST}", "x-auth-token": "admin", "content-type": "application/json"}
    data = b"" if body is None else json.dumps(body).encode()
    return client.app.handle(
        Request(method=method, path=path, query=Query(query), headers=sent | headers, body=data, base_url="http://x")
    )


@pytest.mark.parametrize(("status", "method", "path", "body", "headers"), REPLIES)
def test_a_reply_has_an_id_and_a_version(
    client: Client, status: int, method: str, path: str, body: Any, headers: dict[str, str]
) -> None:
    reply = ask(client, method, path, body, headers)
    assert reply.status == status, reply.body
    require_complete(reply, "1.0" if "openstack-api-version" in headers else NEWEST)


def test_a_fault_of_ours_has_them_too(client: Client, database: Database) -> None:
    with database.engine.connect() as connection:
        connection.execute(text("DROP TABLE trait"))
        connection.commit()
    reply = ask(client, "GET", "/traits", None, {})
    assert reply.status == 500
    assert "trait" not in str(reply.decoded())
    require_complete(reply, NEWEST)


def require_complete(reply: Reply, version: str) -> None:
    assert reply.headers["x-openstack-request-id"].startswith("req-")
    assert reply.headers["openstack-api-version"] == f"placement {version}"
    assert reply.headers["vary"] == "openstack-api-version"
    if reply.body:
        assert reply.headers["content-type"] == "application/json"
    else:
        assert "content-type" not in reply.headers
    if reply.status >= 400:
        error = reply.decoded()["errors"][0]
        assert (error["status"], error["request_id"]) == (reply.status, reply.headers["x-openstack-request-id"])


def test_two_requests_have_two_ids(client: Client) -> None:
    ids = {client("GET", "/").headers["x-openstack-request-id"] for _ in range(5)}
    assert len(ids) == 5
