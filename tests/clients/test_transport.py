"""The way to another service: within the process or over a socket, and what goes wrong on it."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pileus.clients.transport import ServiceUnreachable, Transport
from pileus.kit import log
from pileus.kit.db import Database
from pileus.kit.http.app import App
from pileus.kit.http.asgi import Listener
from pileus.kit.http.message import Reply
from pileus.kit.http.routes import PUBLIC, RouteTable, route
from pileus.kit.http.server import HttpServer, bind
from pileus.kit.http.threads import Threads
from pileus.kit.patience import TakesLong, hurry, require_patience
from tests.kit.http.shop import Shop, new_app

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = {"X-Auth-Token": "owner"}


@pytest.fixture
def transport() -> Iterator[Transport]:
    made = Transport()
    yield made
    made.close()


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    file = tmp_path / "goods"
    file.write_bytes(b"0123456789" * 1000)
    return Shop(file=file)


@pytest.fixture
def url(shop: Shop) -> Iterator[str]:
    """A shop on a socket."""
    threads, listening = Threads(4), bind("127.0.0.1", 0)
    server = HttpServer([(listening, Listener(new_app(shop), threads))])
    server.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.stop()
    threads.close()


class Raw:
    """A server that answers every connection with the same bytes, and notes what it was sent."""

    def __init__(self, answer: bytes) -> None:
        self.answer, self.heard = answer, list[bytes]()
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            with client:
                self.heard.append(client.recv(65536))
                client.sendall(self.answer)

    def close(self) -> None:
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def test_a_reply_is_the_same_within_the_process_and_over_a_socket(transport: Transport, url: str) -> None:
    local = Transport()
    local.add_local("http://local.example:1", new_app())
    replies = [
        way.send("POST", f"{base}/orders?x=1", TOKEN, b'{"name":"x"}')
        for way, base in ((transport, url), (local, "http://local.example:1"))
    ]
    assert [(reply.status, reply.decoded()) for reply in replies] == [(201, {"name": "x"})] * 2
    assert {reply.headers["location"] for reply in replies} == {"/goods/x"}
    local.close()


def test_only_the_place_that_was_named_is_within_the_process(transport: Transport) -> None:
    transport.add_local("http://127.0.0.1:9", new_app())
    assert transport.send("GET", "http://127.0.0.1:9/echo", TOKEN).status == 200
    with pytest.raises(ServiceUnreachable, match=r"^http://127\.0\.0\.1:1 does not answer: "):
        transport.send("GET", "http://127.0.0.1:1/echo?secret", TOKEN)


def test_a_forged_identity_is_dropped_within_the_process_too(transport: Transport) -> None:
    transport.add_local("http://local:1", new_app())
    reply = transport.send("GET", "http://local:1/echo", {**TOKEN, "X-Roles": "admin", "X-Other": "x"})
    assert reply.decoded()["headers"] == {"x-auth-token": "owner", "x-other": "x"}


def test_what_takes_long_in_another_service_is_done_where_it_is_asked_for(transport: Transport) -> None:
    rows = [route("POST", "/orders", lambda _request, _state: Reply.json(require_patience()), PUBLIC)]
    shop = replace(new_app().service, routes=RouteTable(rows), history=None)
    transport.add_local("http://local:1", App(shop))
    done: list[str] = []

    def ask() -> int:
        done.append("what comes before")
        status = transport.send("POST", "http://local:1/orders", TOKEN).status
        with pytest.raises(TakesLong):
            require_patience()  # of our own it is still asked
        return status

    with ThreadPoolExecutor(1, initializer=hurry) as hurried:
        assert hurried.submit(ask).result() == 200
    assert done == ["what comes before"]


def test_a_call_names_the_request_that_it_is_made_for(transport: Transport, url: str) -> None:
    bound = log.bind_request("req-outer")
    reply = transport.send("GET", f"{url}/echo", TOKEN)
    log.unbind_request(bound)
    assert reply.decoded()["headers"]["x-openstack-request-id"] == "req-outer"


def test_no_service_is_called_while_a_transaction_is_open(transport: Transport, tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/x.sqlite")

    def download(_tx: Any) -> None:
        with transport.download("http://127.0.0.1:1/", {}):
            pass

    calls = (
        lambda _tx: transport.send("GET", "http://127.0.0.1:1/", {}),
        download,
        lambda _tx: transport.upload("http://127.0.0.1:1/", {}, iter(()), 0),
    )
    for call in calls:
        with pytest.raises(AssertionError, match="while a transaction is open"):
            database.write(call)
    database.close()


def test_a_redirect_is_handed_back_and_not_followed_with_a_token(transport: Transport) -> None:
    other = Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    first = Raw(
        f"HTTP/1.1 302 Found\r\nLocation: {other.url}/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
    )
    with closing(other), closing(first):
        assert transport.send("GET", f"{first.url}/", TOKEN).status == 302
        with transport.download(f"{first.url}/", TOKEN) as (reply, _):
            assert reply.status == 302
        assert transport.upload(f"{first.url}/", TOKEN, iter([b"x"]), 1).status == 302
    assert other.heard == []


def test_a_file_comes_down_and_goes_up_in_pieces(transport: Transport, url: str, shop: Shop) -> None:
    with transport.download(f"{url}/file", TOKEN, 1000) as (reply, pieces):
        assert (reply.status, reply.headers["content-type"]) == (200, "x/y")
        assert b"".join(pieces) == (b"0123456789" * 1000)[10:]
    reply = transport.upload(f"{url}/file", TOKEN, iter([b"x" * 70_000] * 3), 210_000)
    assert (reply.status, reply.decoded()) == (200, {"size": 210_000})


@pytest.mark.parametrize(
    "answer",
    [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"],
    ids=["nothing", "nonsense", "cut off"],
)
def test_a_service_that_breaks_off_is_unreachable(transport: Transport, answer: bytes) -> None:
    with closing(Raw(answer)) as raw:
        with pytest.raises(ServiceUnreachable):
            transport.send("POST", f"{raw.url}/", TOKEN, b"{}")
        assert len(raw.heard) == 1, "what may have been done is not asked for again"
        with (
            pytest.raises(ServiceUnreachable),
            transport.download(f"{raw.url}/", TOKEN) as (_, pieces),
        ):
            list(pieces)
