"""What gets into the log, and what never does."""

from __future__ import annotations

import json
import logging
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pileus.kit import log
from pileus.kit.http.app import App
from pileus.kit.http.message import Reply, Request
from pileus.kit.http.routes import PUBLIC, RouteTable, route
from tests.kit.http.shop import new_app

if TYPE_CHECKING:
    from pathlib import Path

FERNET = "gAAAAABm" + "x-_9" * 40 + "=="
JWS = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl-_"
TOKENS = {"x-auth-token": FERNET, "x-subject-token": JWS}
logger = log.get_logger("pileus.test")


@dataclass
class Thing:
    text: str


def fail(sentence: str) -> None:
    raise ValueError(sentence)


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_an_event_is_one_line_of_json_with_its_time_level_and_logger(log_file: Path) -> None:
    logger.info("hello\nthere", number=3, nothing=None)
    [line] = lines(log_file)
    assert line["timestamp"].endswith("Z")
    assert {name: line[name] for name in ("event", "level", "logger", "number", "nothing")} == {
        "event": "hello\nthere", "level": "info", "logger": "pileus.test", "number": 3, "nothing": None,
    }  # fmt: skip


@pytest.mark.parametrize("value", ["/v2/\ud800", np.float64(0.5)])
def test_what_is_no_plain_text_or_number_costs_no_line(log_file: Path, value: object) -> None:
    logger.info("hello", value=value)
    assert [line["value"] for line in lines(log_file)] == [value]


@pytest.mark.parametrize(
    "values",
    [
        {"token": "SECRET"},
        {"x_auth_token": "SECRET"},
        {"password": "SECRET"},
        {"admin_password": b"SECRET"},
        {"user_data": "SECRET"},
        {"private_key": "SECRET"},
        {"url": "postgresql://pileus:SECRET@db/compute"},
        {"url": "amqp://u:SEC/RET:SECRET@ SECRET@host/vhost".replace("@ ", "@")},
        {"url": "redis://:SECRET@host/0"},
        {"urls": ["https://u:SECRET@one/", "https://two/"]},
        {"headers": {"x-auth-token": "SECRET", "accept": "*/*"}},
        {"body": {"auth": {"identity": {"password": {"user": {"password": "SECRET"}}}}}},
        {"body": '{"auth": {"password": "SECRET", "name": "u"}}'},
        {"body": "{'adminPass': 'SECRET'}"},
        {"thing": Thing("password='SECRET'")},
        {"error": ValueError("mysql+pymysql://u:SECRET@h/d refused")},
        {"command": ("qemu-img", "--object", "secret,data=1,password=SECRET")},
    ],
    ids=str,
)
def test_a_secret_is_blanked_by_its_name_or_its_shape(log_file: Path, values: dict[str, Any]) -> None:
    logger.info("it happened", **values)
    text = log_file.read_text()
    assert "SECRET" not in text
    assert "RET" not in text
    assert "***" in text


@pytest.mark.parametrize("token", [FERNET, JWS], ids=["fernet", "jws"])
def test_a_token_is_blanked_wherever_it_stands(log_file: Path, token: str) -> None:
    logger.info("request", path=f"/v3/tokens/{token}/x", nested={"a": [token]}, thing=Thing(token))
    logger.info(f"somebody sent {token}")
    logging.getLogger("urllib3").warning("retrying %s", f"/v3?t={token}")
    try:
        fail(f"bad: {token}")
    except ValueError:
        logger.exception("it failed")
        logging.getLogger("uvicorn.error").exception("it failed")
    text = log_file.read_text()
    assert token[:30] not in text
    assert token[10:] not in text
    assert len(lines(log_file)) == 5
    assert '/v3/tokens/***/x"' in text


def test_a_traceback_shows_no_password(log_file: Path) -> None:
    try:
        fail("cannot reach postgresql+psycopg://u:SECRET@db/x with password='SECRET'")
    except ValueError:
        logger.exception("it failed")
    [line] = lines(log_file)
    assert "SECRET" not in str(line)
    assert "ValueError" in line["exception"]


def test_a_fault_shows_neither_what_was_sent_nor_what_was_at_hand(log_file: Path) -> None:
    def fail(request: Request, _state: Any) -> Reply:
        password = request.json()["password"]
        raise RuntimeError(f"{len(password)} letters")

    app = App(replace(new_app().service, routes=RouteTable([route("POST", "/login", fail, PUBLIC)]), history=None))
    reply = app.handle(Request(method="POST", path="/login", body=b'{"password": "hunter2"}', headers=TOKENS))
    assert reply.status == 500
    assert isinstance(reply.body, bytes)
    assert b"letters" not in reply.body
    text = log_file.read_text()
    assert "RuntimeError: 7 letters" in text
    assert not any(secret in text for secret in ("hunter2", *TOKENS.values()))


def test_a_library_may_log_a_document_and_its_secrets_are_blanked(log_file: Path) -> None:
    logging.getLogger("urllib3").warning({"password": "SECRET", "host": "one"})
    [line] = lines(log_file)
    assert "SECRET" not in str(line)
    assert (line["logger"], line["level"]) == ("urllib3", "warning")
    assert "one" in line["event"]


def test_what_is_no_secret_stays_readable(log_file: Path) -> None:
    logger.info("request", path="/v2.1/servers/detail", url="http://host:8774/v2.1?x=a@b", ms=1.5, tags=["a"])
    [line] = lines(log_file)
    assert (line["path"], line["url"], line["ms"], line["tags"]) == (
        "/v2.1/servers/detail", "http://host:8774/v2.1?x=a@b", 1.5, ["a"],
    )  # fmt: skip


def test_events_carry_the_request_that_their_thread_works_for(log_file: Path) -> None:
    outer = log.bind_request("req-outer")
    inner = log.bind_request("req-inner")
    logger.info("inside")
    log.unbind_request(inner)
    logger.info("outside")
    other = threading.Thread(target=logger.info, args=("elsewhere",))
    other.start()
    other.join()
    log.unbind_request(outer)
    logger.info("after")
    assert [line.get("request_id") for line in lines(log_file)] == ["req-inner", "req-outer", None, None]
    assert log.current_request_id() is None


def test_the_terminal_gets_no_secret_either(capsys: pytest.CaptureFixture[str], log_file: Path) -> None:
    log.configure(terminal=True)
    logger.warning("hello", password="SECRET", url="amqp://u:SECRET@h/")
    said = capsys.readouterr().err
    assert "hello" in said
    assert "SECRET" not in said


def test_a_full_log_is_moved_aside(log_file: Path) -> None:
    for number in range(34):
        logger.info("x" * 2**20, number=number)
    moved = log_file.with_name("pileus.log.1")
    assert [line["number"] for line in lines(log_file)] == [32, 33]
    assert [line["number"] for line in lines(moved)] == list(range(32))
