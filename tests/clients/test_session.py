"""A service's own token: had in time, renewed in time, and once more when it is refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from pileus.clients.session import LoginFailed, LoginRefused, NoSuchEndpoint
from pileus.kit.clock import parse_moment
from pileus.kit.http.message import Reply
from tests.clients.keystone import SHOP_URL, Keystone


def test_many_threads_log_in_once() -> None:
    keystone = Keystone()
    session = keystone.session()
    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(lambda _: session.token(), range(64))) == {"own-1"}
    assert keystone.logins == 1


def test_a_token_is_renewed_some_minutes_before_it_ends() -> None:
    keystone = Keystone()
    session = keystone.session()
    session.token()
    keystone.clock.sleep(54 * 60)
    assert session.token() == "own-1"
    keystone.clock.sleep(2 * 60)
    assert session.token() == "own-2"


def test_a_token_that_lives_for_a_minute_only_is_used_more_than_once() -> None:
    keystone = Keystone(lifetime=timedelta(minutes=1))
    session = keystone.session()
    assert {session.token() for _ in range(5)} == {"own-1"}
    keystone.clock.sleep(50)
    assert session.token() == "own-2"


@pytest.mark.parametrize("user_token", [None, "a-users"])
def test_a_token_that_was_revoked_is_replaced_and_the_request_sent_again(user_token: str | None) -> None:
    keystone = Keystone()
    session = keystone.session()
    session.token()
    keystone.valid.clear()
    reply = session.request("shop", "POST", "/goods", json={"a": 1}, token=user_token)
    assert (reply.status, keystone.logins, len(keystone.shop)) == (200, 2, 2)


def test_a_request_for_a_user_carries_his_token_and_ours_beside_it() -> None:
    keystone = Keystone()
    keystone.session().request("shop", "GET", "/goods", token="a-users")
    [headers] = keystone.shop
    assert (headers["x-auth-token"], headers["x-service-token"]) == ("a-users", "own-1")
    keystone.session().request("shop", "GET", "/goods")
    assert "x-service-token" not in keystone.shop[-1]


def test_the_catalog_says_where_a_service_is() -> None:
    keystone = Keystone()
    assert keystone.session(region="two").endpoint("shop") == f"{SHOP_URL}/two"
    assert keystone.session().endpoint("shop") == f"{SHOP_URL}/one"
    with pytest.raises(NoSuchEndpoint, match="no internal endpoint of type shop in region three"):
        keystone.session(region="three").endpoint("shop")
    with pytest.raises(NoSuchEndpoint, match="type bakery"):
        keystone.session().endpoint("bakery")


def test_a_slash_behind_the_url_does_no_harm() -> None:
    session = Keystone().session()
    session.credentials = replace(session.credentials, auth_url=session.credentials.auth_url + "/")
    assert session.token() == "own-1"


def test_a_wrong_password_is_told_without_it() -> None:
    with pytest.raises(LoginFailed, match="does not let the user nova into the project service") as caught:
        Keystone().session("wrong-password").token()
    assert "wrong-password" not in str(caught.value)
    assert "wrong-password" not in repr(Keystone().session("wrong-password").credentials)


def test_what_is_no_keystone_is_told_apart_from_a_wrong_password() -> None:
    with pytest.raises(LoginFailed, match="answered 404 to a login; is this the URL of a Keystone") as caught:
        Keystone(answer=Reply.text("no such page", 404)).session().token()
    assert not isinstance(caught.value, LoginRefused)


@pytest.mark.parametrize(
    "answer",
    [
        Reply.text("<html>", 201),
        Reply.json({}, 201),
        Reply.json([], 201),
        Reply.json({"token": {"expires_at": "soon"}}, 201, {"x-subject-token": "x"}),
        Reply.json({"token": {"expires_at": "2026-01-01T00:00:00Z"}}, 201),
    ],
)
def test_an_answer_that_is_no_keystones_is_told_in_a_sentence(answer: Reply) -> None:
    with pytest.raises(LoginFailed, match="not understood"):
        Keystone(answer=answer).session().token()


@pytest.mark.parametrize(
    "text", ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000000Z", "2026-01-31T14:00:00+02:00", "2026-01-31T12:00:00"]
)
def test_a_moment_is_read_as_utc(text: str) -> None:
    assert parse_moment(text) == datetime(2026, 1, 31, 12)
