"""Which web pages may use a service from a browser."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import Any

import pytest

from pileus.kit.http.asgi import Listener
from pileus.kit.http.cors import NOBODY, Cors
from pileus.kit.http.message import Reply, Request
from pileus.kit.http.threads import Threads
from pileus.kit.settings import CorsSettings
from tests.kit.http.shop import new_app

PAGE = "https://dashboard.example"
OPEN = Cors(CorsSettings(allowed_origin=(PAGE, "https://other.example"), allow_headers=("X-Auth-Token",)))
SHARING = ("access-control-", "vary")


class Browser:
    """Asks the shop over ASGI; keeps what a browser would look at."""

    def __init__(self, cors: Cors) -> None:
        self.cors = cors
        self.status = 0
        self.body = b""

    def ask(self, method: str, path: str = "/echo", **headers: str) -> dict[str, str]:
        with closing(Threads(1)) as threads:
            return asyncio.run(self._ask(Listener(new_app(), threads, self.cors), method, path, headers))

    async def _ask(self, listener: Listener, method: str, path: str, headers: dict[str, str]) -> dict[str, str]:
        sent = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "http", "method": method, "path": path, "query_string": b"", "scheme": "http"}
        messages: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b""}

        async def send(message: Any) -> None:
            messages.append(message)

        await listener({**scope, "server": ("shop", 80), "headers": sent}, receive, send)
        self.status, self.body = messages[0]["status"], messages[1]["body"]
        received = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
        return {name: value for name, value in received.items() if name.startswith(SHARING)}

    def preflight(self, origin: str = PAGE, method: str = "GET", names: str = "") -> dict[str, str]:
        wanted = {"access_control_request_headers": names} if names else {}
        return self.ask("OPTIONS", origin=origin, access_control_request_method=method, **wanted)


def test_a_preflight_is_answered_without_a_token() -> None:
    browser = Browser(OPEN)
    assert browser.preflight(method="PUT") == {
        "access-control-allow-origin": PAGE,
        "access-control-allow-credentials": "true",
        "access-control-allow-methods": "PUT",
        "access-control-max-age": "3600",
        "vary": "Origin",
    }
    assert (browser.status, browser.body) == (200, b"")


@pytest.mark.parametrize("names", ["x-auth-token", "X-AUTH-TOKEN, accept", "Content-Type,", "Pragma,Expires"])
def test_a_preflight_names_the_headers_that_the_page_may_send(names: str) -> None:
    found = Browser(OPEN).preflight(names=names)
    assert found["access-control-allow-headers"] == names.replace(" ", "").rstrip(",")


@pytest.mark.parametrize(
    "wish",
    [
        {"origin": "https://evil.example"},
        {"origin": f"{PAGE}.evil.example"},
        {"origin": f"{PAGE}:8443"},
        {"origin": "null"},
        {"origin": "*"},
        {"method": "BREW"},
        {"method": "get"},
        {"names": "x-auth-token, x-roles"},
    ],
)
def test_a_preflight_that_asks_for_too_much_hears_not_a_word_of_sharing(wish: dict[str, str]) -> None:
    browser = Browser(OPEN)
    assert browser.preflight(**wish) == {"vary": "Origin"}
    assert browser.status == 200


@pytest.mark.parametrize("headers", [{}, {"origin": PAGE}, {"access_control_request_method": "GET"}])
def test_options_that_are_no_preflight_allow_nothing(headers: dict[str, str]) -> None:
    assert Browser(OPEN).ask("OPTIONS", **headers) == {"vary": "Origin"}


@pytest.mark.parametrize(("token", "status"), [("owner", 200), ("nobody", 401)])
def test_a_page_of_an_allowed_origin_may_read_answers_and_refusals(token: str, status: int) -> None:
    browser = Browser(OPEN)
    found = browser.ask("GET", origin=PAGE, x_auth_token=token)
    assert (browser.status, found["access-control-allow-origin"], found["vary"]) == (status, PAGE, "Origin")
    assert "X-Subject-Token" in found["access-control-expose-headers"].split(",")


def test_a_page_of_another_origin_is_answered_but_may_not_read_it() -> None:
    browser = Browser(OPEN)
    assert browser.ask("GET", origin="https://evil.example", x_auth_token="owner") == {"vary": "Origin"}
    assert browser.status == 200


def test_what_the_answer_varies_by_already_is_kept() -> None:
    reply = Reply.empty(200, {"vary": "openstack-api-version"})
    OPEN.mark(Request(method="GET", path="/", headers={"origin": PAGE}), reply)
    assert reply.headers["vary"] == "openstack-api-version,Origin"


def test_any_origin_may_be_allowed_and_is_named_where_it_is_listed() -> None:
    browser = Browser(Cors(CorsSettings(allowed_origin=("*", PAGE), allow_credentials=False)))
    assert browser.preflight(origin="https://who.example")["access-control-allow-origin"] == "*"
    assert browser.preflight()["access-control-allow-origin"] == PAGE
    assert "access-control-allow-credentials" not in browser.preflight()
    assert "access-control-allow-origin" not in browser.ask("GET")


def test_the_operator_says_how_long_and_for_which_methods_an_answer_holds() -> None:
    browser = Browser(Cors(CorsSettings(allowed_origin=(PAGE,), allow_methods=("GET",), max_age=0, expose_headers=())))
    assert "access-control-max-age" not in browser.preflight()
    assert browser.preflight(method="PUT") == {"vary": "Origin"}
    assert "access-control-expose-headers" not in browser.ask("GET", origin=PAGE)


def test_without_an_origin_in_the_settings_nothing_is_said_of_sharing() -> None:
    browser = Browser(NOBODY)
    assert browser.preflight() == {}
    assert browser.status == 401, "an unknown caller learns nothing"
    assert browser.ask("GET", origin=PAGE, x_auth_token="owner") == {}
