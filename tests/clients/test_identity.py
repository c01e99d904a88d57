"""Whose token something is, by asking."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pileus.clients.identity import TokenAuthenticator
from pileus.kit.errors import Unauthenticated, Unavailable
from pileus.kit.http.message import Request
from tests.clients.keystone import Keystone, document


def request(**headers: str) -> Request:
    return Request(method="GET", path="/", headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.fixture
def keystone() -> Keystone:
    made = Keystone()
    project = {"id": "p", "name": "P", "domain": {"id": "d", "name": "D"}}
    soon = (made.clock.now() + timedelta(seconds=20)).isoformat() + "Z"
    made.tokens = {
        "users": document("ann", "2027-01-01T00:00:00Z", ("Member", "reader"), project=project),
        "system": document("root", "2027-01-01T00:00:00Z", ("admin",), system={"all": True}),
        "short": document("ann", soon, ("reader",), project=project),
        "services": document("glance", "2027-01-01T00:00:00Z", ("service",)),
    }
    return made


def authenticator(keystone: Keystone, **options: Any) -> TokenAuthenticator:
    return TokenAuthenticator(keystone.session(), **options)


def test_a_tokens_document_says_who_asks(keystone: Keystone) -> None:
    caller = authenticator(keystone).authenticate(request(x_auth_token="users"))
    assert (caller.user_id, caller.project_id, caller.project_domain_id) == ("id-ann", "p", "d")
    assert caller.roles == {"member", "reader"}
    assert not caller.is_system
    assert authenticator(keystone).authenticate(request(x_auth_token="system")).is_system


@pytest.mark.parametrize("headers", [{}, {"x_auth_token": ""}, {"x_auth_token": "unknown"}])
def test_without_a_token_that_is_known_nobody_asks(keystone: Keystone, headers: dict[str, str]) -> None:
    with pytest.raises(Unauthenticated):
        authenticator(keystone).authenticate(request(**headers))


def test_a_service_beside_the_user_lends_its_roles_as_a_service(keystone: Keystone) -> None:
    ask = authenticator(keystone).authenticate
    caller = ask(request(x_auth_token="users", x_service_token="services"))
    assert (caller.user_id, caller.service_roles) == ("id-ann", {"service"})
    assert ask(request(x_auth_token="services", x_service_token="services")).service_roles == {"service"}
    assert ask(request(x_auth_token="services")).service_roles == frozenset()
    with pytest.raises(Unauthenticated):
        ask(request(x_auth_token="users", x_service_token="unknown"))


def test_a_service_may_go_on_with_a_token_that_has_expired_and_nobody_else(keystone: Keystone) -> None:
    keystone.tokens["old"] = document("ann", "2020-01-01T00:00:00Z", ("reader",))
    keystone.expired.add("old")
    ask = authenticator(keystone, cache_s=60).authenticate
    for headers in ({}, {"x_service_token": "users"}, {"x_service_token": "old"}, {"x_service_token": "unknown"}):
        with pytest.raises(Unauthenticated):
            ask(request(x_auth_token="old", **headers))
    assert ask(request(x_auth_token="old", x_service_token="services")).user_id == "id-ann"
    with pytest.raises(Unauthenticated):
        ask(request(x_auth_token="old"))
    keystone.expired.add("services")
    with pytest.raises(Unauthenticated):
        authenticator(keystone).authenticate(request(x_auth_token="services", x_service_token="services"))


def test_a_token_with_access_rules_is_good_for_the_requests_that_they_name(keystone: Keystone) -> None:
    rules = [{"id": "r", "service": "shop", "method": "GET", "path": "/goods/*"}]
    keystone.tokens["ruled"] = {**keystone.tokens["users"], "application_credential": {"access_rules": rules}}
    for service, method, path, is_good in (
        ("shop", "GET", "/goods/1", True),
        ("shop", "GET", "/goods/1/price", False),
        ("shop", "POST", "/goods/1", False),
        ("bank", "GET", "/goods/1", False),
        ("", "GET", "/goods/1", False),
    ):
        asking = authenticator(keystone, service_type=service, cache_s=60)
        for more in ({}, {"x-service-token": "users"}, {}):  # the last time from what is kept
            asked = Request(method=method, path=path, headers={"x-auth-token": "ruled", **more})
            if is_good:
                assert asking.authenticate(asked).user_id == "id-ann"
            else:
                with pytest.raises(Unauthenticated):
                    asking.authenticate(asked)
        asked = Request(method=method, path=path, headers={"x-auth-token": "ruled", "x-service-token": "services"})
        assert asking.authenticate(asked).user_id == "id-ann"


def test_our_own_token_is_renewed_when_it_is_what_identity_does_not_like(keystone: Keystone) -> None:
    asking = authenticator(keystone)
    asking.authenticate(request(x_auth_token="users"))
    keystone.valid.clear()
    assert asking.authenticate(request(x_auth_token="users")).user_id == "id-ann"
    assert keystone.logins == 2


def test_an_identity_that_is_confused_is_no_reason_to_turn_the_caller_away(keystone: Keystone) -> None:
    keystone.is_confused = True
    with pytest.raises(Unavailable, match="answered 401"):
        authenticator(keystone).authenticate(request(x_auth_token="users"))


def test_each_request_asks_again_unless_answers_are_kept(keystone: Keystone) -> None:
    asking = authenticator(keystone)
    for _ in range(3):
        asking.authenticate(request(x_auth_token="users"))
    assert keystone.questions == ["users"] * 3


def test_a_kept_answer_is_good_until_something_changes(keystone: Keystone) -> None:
    versions = [1]
    asking = authenticator(keystone, cache_s=60, version=lambda: versions[-1])
    for version, asked in ((1, 1), (1, 1), (2, 2), (2, 2)):
        versions.append(version)
        asking.authenticate(request(x_auth_token="users"))
        assert keystone.questions == ["users"] * asked
    del keystone.tokens["users"]
    versions.append(3)
    with pytest.raises(Unauthenticated):
        asking.authenticate(request(x_auth_token="users"))


def test_an_answer_is_as_old_as_the_question(keystone: Keystone) -> None:
    """What changes while identity is asked may not be in its answer."""
    versions = iter([1, 2, 2])
    asking = authenticator(keystone, cache_s=60, version=lambda: next(versions))
    asking.authenticate(request(x_auth_token="users"))
    asking.authenticate(request(x_auth_token="users"))
    asking.authenticate(request(x_auth_token="users"))
    assert keystone.questions == ["users"] * 2


def test_a_kept_answer_lasts_as_long_as_was_said_and_no_longer_than_its_token(keystone: Keystone) -> None:
    asking = authenticator(keystone, cache_s=60)
    for token, lasts in (("users", 60), ("short", 20)):
        keystone.questions.clear()
        keystone.clock.sleep(-keystone.clock.monotonic())
        asking = authenticator(keystone, cache_s=60)
        asking.authenticate(request(x_auth_token=token))
        keystone.clock.sleep(lasts - 1)
        asking.authenticate(request(x_auth_token=token))
        assert keystone.questions == [token]
        keystone.clock.sleep(2)
        asking.authenticate(request(x_auth_token=token))
        assert keystone.questions == [token] * 2
