"""From a request to a reply: routes, the order of refusals, the four dialects, faults."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from pileus.kit.errors import Forbidden, MethodNotAllowed, NotFound, PileusError
from pileus.kit.http import dialects
from pileus.kit.http.auth import IDENTITY_HEADERS
from pileus.kit.http.message import Query, Request
from pileus.kit.http.page import limit_of
from pileus.kit.http.routes import RouteTable
from tests.kit.http.shop import HISTORY, ROWS, SIGNS, ask, new_app

if TYPE_CHECKING:
    from pathlib import Path

    from pileus.kit.http.message import Reply

APP = new_app()
PLACEMENT = dialects.placement(SIGNS)


def message(reply: Reply) -> str:
    return str(next(iter(reply.decoded().values()))["message"])


# --- routes ---------------------------------------------------------------------------------------


def test_a_literal_segment_wins_over_a_parameter() -> None:
    assert ask(APP, "GET", "/goods/best").decoded()["params"] == {}
    assert ask(APP, "DELETE", "/goods/best").decoded()["params"] == {"name": "best"}, "where it has the method"
    assert ask(APP, "PATCH", "/goods/best").headers["allow"] == "GET"


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/goods/a/parts/b", {"name": "a", "part": "b"}),
        ("/goods/a%2Fb/parts/%C3%A9%20%25", {"name": "a/b", "part": "é %"}),
        ("/goods/%2e%2e/parts/x", {"name": "..", "part": "x"}),
        ("/goods/best/parts/x", {"name": "best", "part": "x"}),
        ("/goods/a/parts/%ff", {"name": "a", "part": "\ufffd"}),
    ],
)
def test_a_segment_is_decoded_once_the_path_is_split(path: str, params: dict[str, str]) -> None:
    assert ask(APP, "GET", path).decoded()["params"] == params


@pytest.mark.parametrize("path", ["/nothing", "/goods", "/goods/", "/goods/a/", "//goods/a", "/goods//parts/x", ""])
def test_a_path_that_there_is_not_is_not_found(path: str) -> None:
    assert ask(APP, "GET", path).status == 404


@pytest.mark.parametrize(
    ("path", "params"), [("/goods/a/", {"name": "a"}), ("/goods/a/parts/b/", {"name": "a", "part": "b"})]
)
def test_a_table_may_ignore_a_last_slash(path: str, params: dict[str, str]) -> None:
    assert RouteTable(ROWS, ignores_last_slash=True).find("GET", path, HISTORY.newest)[1] == params


def test_a_table_may_know_requests_by_other_names() -> None:
    table: RouteTable[Any] = RouteTable(ROWS, translate=lambda _method, path: ("GET", path.removeprefix("/v9")))
    row, params = table.find("PUT", "/v9/goods/a/parts/b", HISTORY.newest)
    assert (row.method, params) == ("GET", {"name": "a", "part": "b"})


def test_a_method_that_the_path_lacks_is_refused_and_the_others_are_named() -> None:
    reply = ask(APP, "PATCH", "/goods/a")
    assert (reply.status, reply.headers["allow"]) == (405, "DELETE, GET")
    assert ask(APP, "PATCH", "/nothing").status == 404


def test_head_is_answered_where_get_is() -> None:
    assert ask(APP, "HEAD", "/echo").decoded()["method"] == "HEAD"
    assert ask(APP, "HEAD", "/orders").status == 405


@pytest.mark.parametrize(
    ("method", "path", "version", "status"),
    [
        ("GET", "/signs", "1.4", 404),
        ("GET", "/signs", "1.5", 200),
        ("PUT", "/signs", "1.4", 405),
        ("PUT", "/signs", "1.5", 405),
        ("GET", "/bells", "1.7", 200),
        ("GET", "/bells", "1.8", 405),
        ("POST", "/bells", "latest", 200),
        ("GET", "/echo", "1.9", 406),
        ("GET", "/echo", "1.x", 400),
        ("GET", "/echo", "1." + "9" * 5000, 400),
    ],
)
def test_a_row_is_there_from_its_date_to_its_end(method: str, path: str, version: str, status: int) -> None:
    assert ask(APP, method, path, shop_version=version).status == status


def test_the_table_names_all_rows_as_they_were_written() -> None:
    table = RouteTable[Any](ROWS)
    assert table.rows == ROWS
    with pytest.raises(NotFound):
        table.find("GET", "/x", HISTORY.newest)
    with pytest.raises(MethodNotAllowed):
        table.find("PUT", "/echo", None)


# --- who asks, and in which order he is refused ---------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/echo"), ("GET", "/nothing"), ("PATCH", "/echo"), ("POST", "/orders"), ("GET", "/signs"), ("POST", "/")],
)
def test_an_unknown_caller_is_told_nothing_but_that(method: str, path: str) -> None:
    assert ask(APP, method, path, b"{broken", who=None).status == 401
    assert ask(APP, method, path, b"{broken", who="forged").status == 401


def test_a_public_route_needs_no_token() -> None:
    assert ask(APP, "GET", "/", who=None).decoded()["user"] == ""


@pytest.mark.parametrize(("is_body_first", "wanted"), [(False, 403), (True, 400)])
def test_the_order_of_policy_and_body_is_the_services_own(is_body_first: bool, wanted: int) -> None:
    app = new_app(is_body_before_policy=is_body_first)
    assert ask(app, "POST", "/orders", {}, who="guest").status == wanted
    assert ask(app, "POST", "/orders", {"name": "x"}, who="guest").status == 403
    assert ask(app, "POST", "/orders", {}, who="owner").status == 400


def test_a_row_that_is_not_there_is_not_found_before_its_policy_is_asked() -> None:
    assert ask(APP, "GET", "/goods/lost", who="guest").status == 404
    assert ask(APP, "GET", "/goods/sold", who="guest").status == 403
    assert ask(APP, "GET", "/goods/sold", who="owner").status == 409


def test_headers_that_claim_an_identity_are_dropped() -> None:
    forged = dict.fromkeys(IDENTITY_HEADERS, "admin")
    seen = ask(APP, "GET", "/echo", who="guest", **forged, x_other="kept").decoded()
    assert seen["headers"] == {"x-auth-token": "guest", "x-other": "kept"}
    assert seen["user"] == "g"


def test_headers_that_claim_an_identity_reach_an_authenticator_that_trusts_them() -> None:
    app = new_app(trusted_headers=frozenset({"x-roles"}))
    seen = ask(app, "GET", "/echo", x_roles="admin", x_user_id="admin", who="guest").decoded()
    assert seen["headers"] == {"x-auth-token": "guest", "x-roles": "admin"}


@pytest.mark.parametrize("path", ["/forgotten"])
def test_a_handler_that_forgets_to_ask_the_policy_is_a_fault_and_says_nothing(path: str) -> None:
    reply = ask(APP, "GET", path)
    assert reply.status == 500
    assert b"quicksilver" not in reply.body  # type: ignore[operator]


def test_a_route_of_bytes_is_not_called_as_if_it_fitted_in_memory() -> None:
    assert ask(APP, "GET", "/file").status == 500


def test_why_a_policy_refused_is_in_the_log_and_not_in_the_reply(log_file: Path) -> None:
    reply = ask(APP, "GET", "/goods/x", who="guest")
    assert b"wants" not in reply.body  # type: ignore[operator]
    assert "shop:see_good wants 'project_id:%(project_id)s'" in log_file.read_text()


# --- bodies ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"nothing", b"\xff", b'{"name": "\xff"}', b'{"name": "\\ud800"}', b"NaN", b"[" * 500,
        b'{"name": "x", "count": 1e999}', b'{"name": "x", "count": ' + b"9" * 900 + b".}",
    ],
)  # fmt: skip
def test_a_body_that_is_no_json_is_refused(body: bytes) -> None:
    assert ask(APP, "POST", "/orders", body).status == 400


def test_json_nested_beyond_all_measure_is_refused() -> None:
    app = new_app()
    big = new_app_with_limit(10**6)
    assert ask(big, "POST", "/orders", b"[" * 200_000).status == 400
    assert ask(app, "POST", "/orders", b"[" * 2000).status == 413


def new_app_with_limit(limit: int) -> Any:
    from dataclasses import replace

    app = new_app()
    app.service = replace(app.service, body_limit=limit)
    return app


def test_a_body_that_does_not_fit_its_schema_is_refused_by_the_field() -> None:
    assert "name" in message(ask(APP, "POST", "/orders", {}))
    said = message(ask(APP, "POST", "/orders", {"name": "much too long"}))
    assert said == "Invalid input for field/attribute name. Value: much too long. 'much too long' is too long"


def test_text_of_all_the_world_comes_back_as_it_was() -> None:
    for name in ("Ж", "日本", "😀", "\u202e", "é", "a\x00b", "\x7f"):
        assert ask(APP, "POST", "/orders", {"name": name}).decoded() == {"name": name}


def test_a_body_over_the_limit_is_refused() -> None:
    assert ask(APP, "POST", "/orders", b" " * 1001).status == 413
    assert ask(APP, "POST", "/orders", b'{"name":"x"}' + b" " * 900).status == 201


@pytest.mark.parametrize(
    ("media", "status"),
    [("application/json", 201), ("application/json; charset=utf-8", 201), ("APPLICATION/JSON", 201),
     ("application/vnd.x+json", 201), ("text/plain", 415), ("", 415)],
)  # fmt: skip
def test_a_body_of_another_kind_is_refused(media: str, status: int) -> None:
    assert ask(APP, "POST", "/orders", {"name": "x"}, content_type=media).status == status


@pytest.mark.parametrize(
    ("text", "wanted"), [(None, 7), ("0", 0), ("5", 5), ("1000", 10), ("9" * 5000, 10), ("-1", 0), ("²", 0), ("x", 0)]
)
def test_a_limit_is_a_number_up_to_the_largest_page(text: str | None, wanted: int) -> None:
    request = Request(method="GET", path="/", query=Query("" if text is None else f"limit={text}"))
    if text in ("-1", "²", "x"):
        with pytest.raises(PileusError):
            limit_of(request, default=7, maximum=10)
    else:
        assert limit_of(request, default=7, maximum=10) == wanted


# --- faults and dialects --------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", [dialects.compute, dialects.identity, dialects.image, PLACEMENT])
def test_a_fault_says_nothing_of_the_inside_and_logs_everything(dialect: Any, log_file: Path) -> None:
    reply = ask(new_app(dialect=dialect), "GET", "/goods/broken", accept="application/json")
    assert reply.status == 500
    text = bytes(reply.body).decode()  # type: ignore[arg-type]
    assert "inside" not in text
    assert "RuntimeError" not in text
    assert reply.headers["x-openstack-request-id"] in text
    logged = log_file.read_text()
    assert "secret inside knowledge" in logged
    assert "Traceback" in logged


def test_an_error_of_no_kind_is_a_fault() -> None:
    assert dialects.status_of(PileusError("x")) == 500
    assert dialects.status_of(Forbidden("x")) == 403


def test_the_four_dialects_word_a_refusal_each_in_its_own_way() -> None:
    def refusal(dialect: Any, **headers: str) -> Reply:
        return ask(new_app(dialect=dialect), "GET", "/goods/lost", **headers)

    sentence = "There is no such good."
    assert refusal(dialects.compute).decoded() == {"itemNotFound": {"code": 404, "message": sentence}}
    assert refusal(dialects.identity).decoded() == {"error": {"code": 404, "message": sentence, "title": "Not Found"}}
    reply = refusal(PLACEMENT)
    assert reply.decoded() == {
        "errors": [
            {
                "status": 404, "title": "Not Found", "detail": sentence,
                "request_id": reply.headers["x-openstack-request-id"],
            }
        ]
    }  # fmt: skip
    assert refusal(dialects.image, accept="application/json").decoded()["code"] == "404 Not Found"
    assert sentence in refusal(dialects.image, accept="text/html").body.decode()  # type: ignore[union-attr]
    assert refusal(dialects.image, accept="text/plain").headers["content-type"].startswith("text/plain")


def test_identity_names_where_to_authenticate() -> None:
    reply = ask(new_app(dialect=dialects.identity), "GET", "/echo", who=None)
    assert reply.headers["www-authenticate"] == 'Keystone uri="http://shop/v3"'


@pytest.mark.parametrize("dialect", [dialects.image, PLACEMENT])
def test_a_page_shows_what_a_caller_wrote_as_text(dialect: Any) -> None:
    reply = ask(new_app(dialect=dialect), "POST", "/orders", {"<script>": 1}, accept="text/html")
    text = bytes(reply.body).decode()  # type: ignore[arg-type]
    assert reply.headers["content-type"].startswith("text/html")
    assert "<script>" not in text


@pytest.mark.parametrize(
    "accept", ["*/*;q=²", "*/*;q=", "*/*;q=.", "*/*;q=1.2.3", "*/*;q=nan", ";;;", ",", "a/b;q=-1", "\xff"]
)
@pytest.mark.parametrize("dialect", [dialects.image, PLACEMENT])
def test_an_accept_header_of_nonsense_is_no_fault(dialect: Any, accept: str) -> None:
    assert ask(new_app(dialect=dialect), "GET", "/goods/lost", accept=accept).status == 404


# --- ids ------------------------------------------------------------------------------------------


def test_every_reply_has_a_new_request_id_whatever_the_caller_sends(log_file: Path) -> None:
    cause = "req-" + "a" * 36
    replies = [
        ask(APP, "GET", path, who=who, x_openstack_request_id=cause)
        for path in ("/echo", "/nothing", "/goods/broken")
        for who in ("owner", None)
    ]
    ids = [reply.headers["x-openstack-request-id"] for reply in replies]
    assert len(set(ids)) == 6
    assert all(re.fullmatch(r"req-[0-9a-f-]{36}", one) for one in ids)
    assert cause not in ids
    lines = [json.loads(line) for line in log_file.read_text().splitlines()]
    requests = [line for line in lines if line["event"] == "request"]
    assert [line["request_id"] for line in requests] == ids
    assert {line["cause"] for line in requests} == {cause}


def test_the_log_believes_no_nonsense_as_a_cause(log_file: Path) -> None:
    ask(APP, "GET", "/echo", x_openstack_request_id="req-<script>")
    assert "script" not in log_file.read_text()
