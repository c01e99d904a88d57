"""Callers who are taken at their word, and those who are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pileus.kit.clock import SystemClock
from pileus.kit.http.app import App
from pileus.kit.http.auth import NOAUTH_HEADERS, NoAuth
from pileus.kit.http.message import Request
from pileus.placement.service import new_backend, new_service
from placement.conftest import Client

if TYPE_CHECKING:
    from pileus.kit.db import Database

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def believing(database: Database) -> Client:
    service = new_service(new_backend(database, SystemClock()), NoAuth(), trusted_headers=NOAUTH_HEADERS)
    return Client(App(service))


def caller(token: str, **headers: str) -> tuple[str, str | None, set[str]]:
    """Return user, project and roles of whoever says this of himself."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    found = NoAuth().authenticate(Request(method="GET", path="/", headers={"x-auth-token": token, **sent}))
    return found.user_id, found.project_id, set(found.roles)


def test_the_token_is_the_user_and_the_project() -> None:
    assert caller("ann:shop") == ("ann", "shop", set())
    assert caller("ann") == ("ann", "ann", set())
    assert caller("ann:a:b") == ("ann", "a:b", set())


def test_the_user_admin_is_an_administrator_unless_he_says_otherwise() -> None:
    assert caller("admin") == ("admin", "admin", {"admin"})
    assert caller("admin:shop", x_roles="reader, Member") == ("admin", "shop", {"reader", "member"})
    assert caller("admin", x_roles="") == ("admin", "admin", set())


def test_a_project_may_be_named_apart() -> None:
    assert caller("ann:shop", x_project_id="other") == ("ann", "other", set())


def test_a_caller_may_be_of_the_whole_system() -> None:
    context = NoAuth().authenticate(
        Request(method="GET", path="/", headers={"x-auth-token": "admin", "openstack-system-scope": "all"})
    )
    assert (context.is_system, context.project_id) == (True, None)


def test_a_name_that_was_made_to_mean_this_machine_is_refused(believing: Client) -> None:
    for host in ("localhost", "localhost:8778", "127.0.0.1:8778", "[::1]:8778", "127.8.9.1"):
        assert believing("GET", "/resource_providers", token="admin", host=host).status == 200
    for host in ("evil.example", "evil.example:8778", "127.0.0.1.evil.example", "192.0.2.1:8778"):
        assert believing("GET", "/resource_providers", token="admin", host=host).status == 401
    request = Request(method="GET", path="/", headers={"x-auth-token": "admin", "host": "placement.example"})
    assert NoAuth(anywhere=True).authenticate(request).user_id == "admin"


def test_without_a_token_only_the_root_is_shown(believing: Client) -> None:
    assert believing("GET", "/", token="").status == 200
    assert believing("GET", "/resource_providers", token="").status == 401
    assert believing("GET", "/nothing", token="").status == 401


@pytest.mark.parametrize(
    ("token", "headers", "status"),
    [
        ("admin", {}, 200),
        ("admin", {"openstack-system-scope": "all"}, 403),
        ("ann", {}, 403),
        ("ann", {"x-roles": "admin"}, 200),
        ("ann", {"x-roles": "reader,service"}, 200),
        ("admin", {"x-roles": "reader"}, 403),
    ],
)
def test_the_policy_judges_the_caller_by_what_he_says(
    believing: Client, token: str, headers: dict[str, str], status: int
) -> None:
    assert believing("GET", "/resource_providers", token=token, **headers).status == status


def test_a_reader_sees_the_usage_of_the_project_that_he_names(believing: Client) -> None:
    asked = {"x-roles": "reader", "x-project-id": "shop"}
    assert believing("GET", "/usages?project_id=shop", token="ann", **asked).status == 200
    assert believing("GET", "/usages?project_id=other", token="ann", **asked).status == 403


def test_who_authenticates_by_token_is_not_believed(client: Client) -> None:
    forged = {"x-roles": "admin", "x-project-id": "q"}
    assert client("GET", "/resource_providers", token="reader", **forged).status == 403
    assert client("GET", "/usages?project_id=q", token="reader", **forged).status == 403
    assert client("GET", "/usages?project_id=p", token="reader", **forged).status == 200
    assert client("GET", "/resource_providers", token="", **forged).status == 401
