"""What let callers elsewhere choose what the policy looked at must not let them into placement.

A `target` in the body (LP 2148398), forged identity headers (OSSA-2026-001), and a project named twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pileus.kit.clock import SystemClock
from pileus.kit.http.app import App
from pileus.kit.http.auth import IDENTITY_HEADERS
from pileus.placement.api.routes import ROUTES
from pileus.placement.service import MIGRATIONS, new_backend, new_service
from tests.migrated import migrated
from tests.placement.conftest import Client, Tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.databases("sqlite")

PARAMETERS = {"uuid": "x", "name": "CUSTOM_X", "resource_class": "VCPU", "consumer_uuid": "x"}
ADMIN = {"user_id": "a", "project_id": "admin", "roles": ["admin", "service"], "is_admin": True}
CONSUMER = "a1c4b1c0-3d2b-4e0b-9c1e-0f3b8a6d7e55"


@pytest.fixture
def placement(database_url: str) -> Iterator[Client]:
    with migrated(database_url, MIGRATIONS) as database:
        yield Client(App(new_service(new_backend(database, SystemClock()), Tokens())))


@pytest.fixture
def held(placement: Client) -> Client:
    """Placement in which the projects p, the reader's, and q each hold something."""
    host = placement.provider("host", VCPU={"total": 8})
    body = {"allocations": {host: {"resources": {"VCPU": 3}}}, "consumer_generation": None, "user_id": "u"}
    for project_id, consumer in (("p", CONSUMER), ("q", CONSUMER[::-1])):
        assert placement("PUT", f"/allocations/{consumer}", {**body, "project_id": project_id}).status == 204
    return placement


def test_what_a_body_says_of_its_caller_opens_nothing(placement: Client) -> None:
    for row in ROUTES.rows:
        if row.rule and row.body is not None:
            body: dict[str, Any] = {**ADMIN, "target": ADMIN, "context": ADMIN, "target.project_id": "p"}
            version = "1.6" if row.until else "1.39"
            reply = placement(row.method, row.path.format(**PARAMETERS), body, token="reader", version=version)
            assert reply.status == 403, row.path


def test_what_a_query_says_of_its_caller_opens_nothing(placement: Client) -> None:
    for row in ROUTES.rows:
        if row.rule and row.method == "GET":
            query = "project_id=q&user_id=a&roles=admin&role=service&system_scope=all&target.project_id=p"
            reply = placement("GET", f"{row.path.format(**PARAMETERS)}?{query}", token="reader", version="1.39")
            assert reply.status in (400, 403), row.path  # 400: /usages knows no such names, and reads them first


def test_forged_headers_give_nobody_anything(held: Client) -> None:
    forged = {**dict.fromkeys(IDENTITY_HEADERS, "admin"), "x-roles": "admin,service", "x-identity-status": "Confirmed"}
    for path in ("/resource_providers", "/traits", f"/allocations/{CONSUMER}", "/usages?project_id=q"):
        for extra in (forged, {**forged, "x-project-id": "q", "openstack-system-scope": "all"}):
            assert held("GET", path, token="reader", **extra).status == 403, path
            assert held("GET", path, token="", **extra).status == 401, path


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("project_id=p", 200),
        ("project_id=q", 403),
        ("project_id=p&project_id=q", 200),  # of a name given twice the first counts, for the rule and for the rows
        ("project_id=q&project_id=p", 403),
        ("project_id=p%00", 400),
        ("project_id=P", 403),
        ("project_id=%70", 200),
        ("project_id=q&user_id=r", 403),
        ("user_id=r", 400),
    ],
)
def test_nobody_sees_the_usage_of_another_project(held: Client, query: str, status: int) -> None:
    for version in ("1.9", "1.38"):
        reply = held("GET", f"/usages?{query}", token="reader", version=version)
        assert reply.status == status, reply.body
        if status == 200:
            shown = reply.decoded()["usages"]
            assert shown in ({"VCPU": 3}, {"unknown": {"VCPU": 3, "consumer_count": 1}})


def test_a_refusal_does_not_tell_whether_something_is_there(held: Client) -> None:
    there = held("GET", "/resource_providers").decoded()["resource_providers"][0]["uuid"]
    details = set()
    for uuid in (there, CONSUMER):
        reply = held("GET", f"/resource_providers/{uuid}", token="reader")
        assert reply.status == 403
        details.add(reply.decoded()["errors"][0]["detail"])
    assert len(details) == 1
