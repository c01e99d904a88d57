"""Clients on bare sockets, because they share the processors with what they measure."""

from __future__ import annotations

import itertools
import json
import selectors
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bench.client import Refused, TooLate

CLIENTS = 16
PIECE = 1 << 20
TOLERANCE = 0.01  # of requests at once that may be refused, for they may be in each other's way
HEADERS = (
    "Host: 127.0.0.1\r\nX-Auth-Token: admin\r\nAccept: application/json\r\nOpenStack-API-Version: placement 1.39\r\n"
)


def get(path: str) -> bytes:
    """Return a request for something, as it goes over the wire."""
    return f"GET {path} HTTP/1.1\r\n{HEADERS}\r\n".encode()


def put(path: str, body: object) -> bytes:
    """Return a request that writes something, as it goes over the wire."""
    data = json.dumps(body).encode()
    head = f"PUT {path} HTTP/1.1\r\n{HEADERS}Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    return head.encode() + data


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: bytes


class Connection:
    """One client; its connection stays open where the server lets it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None
        self._pieces: list[bytes] = []
        self._missing: int | None = None  # bytes of the body; None before the end of the head
        self._status = 0
        self.is_last = False  # the server said that it hangs up after this answer

    def exchange(self, request: bytes, timeout_s: float) -> Answer:
        """Send a request; return its answer. Raises TooLate."""
        deadline = time.monotonic() + timeout_s
        self.send(request)
        while True:
            self.require_socket().settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                answer = self.receive()
            except TimeoutError:
                self.close()
                raise TooLate(f"no answer after {timeout_s:.0f} s") from None
            if answer:
                if self.is_last:
                    self.close()
                return answer

    def send(self, request: bytes) -> None:
        """Send a request, on a new connection if there is none."""
        self._pieces, self._missing = [], None
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=30)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(request)

    def receive(self) -> Answer | None:
        """Take what has come; return the answer once it is whole. Raises Refused if the server hangs up before that."""
        piece = self.require_socket().recv(PIECE)
        if not piece:
            self.close()
            raise Refused(0, "the server hung up")
        self._pieces.append(piece)
        if self._missing is None:
            self._read_head()
        else:
            self._missing -= len(piece)
        if self._missing != 0:
            return None
        return Answer(self._status, b"".join(self._pieces))

    def require_socket(self) -> socket.socket:
        """Return the connection, which must be there."""
        assert self._socket is not None
        return self._socket

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _read_head(self) -> None:
        head, end, body = b"".join(self._pieces).partition(b"\r\n\r\n")
        if not end:
            return
        head = head.lower()
        self._pieces = [body]
        self._status = int(head[9:12])
        self.is_last = b"\r\nconnection: close" in head
        _, found, rest = head.partition(b"\r\ncontent-length:")
        length = int(rest.partition(b"\r\n")[0]) if found else 0
        if not found and self._status != 204:
            raise Refused(self._status, "an answer without a length")
        self._missing = length - len(body)


def fetch(port: int, path: str, timeout_s: float = 120) -> Any:
    """Return the JSON that a path has. Raises Refused and TooLate."""
    connection = Connection(port)
    answer = connection.exchange(get(path), timeout_s)
    connection.close()
    if answer.status != 200:
        raise Refused(answer.status, answer.body.decode(errors="replace"))
    return json.loads(answer.body)


@dataclass(slots=True)
class Load:
    """What many clients at once got. What was refused does not count."""

    answers: int = 0
    refusals: int = 0
    took_s: float = 0.0

    @property
    def per_second(self) -> float:
        return self.answers / self.took_s


def load(port: int, requests: Iterator[bytes], seconds: float, clients: int = CLIENTS) -> Load:
    """Let clients send one request after the other for some seconds; count until all have their last answer.

    Raises Refused if many were.
    """
    result, began = Load(), time.perf_counter()
    with selectors.PollSelector() as selector:
        for _ in range(clients):
            connection = Connection(port)
            connection.send(next(requests))
            selector.register(connection.require_socket(), selectors.EVENT_READ, connection)
        while selector.get_map():
            for key, _ in selector.select():
                answer = key.data.receive()
                if answer:
                    result.answers += answer.status < 300
                    result.refusals += answer.status >= 300
                    is_over = time.perf_counter() - began >= seconds
                    _go_on(selector, key, iter(()) if is_over else requests)
    result.took_s = time.perf_counter() - began
    if result.refusals > result.answers * TOLERANCE:
        raise Refused(0, f"{result.refusals} requests were refused, and {result.answers} were not")
    return result


def repeated(path: str) -> Callable[[], Iterator[bytes]]:
    """Return what makes the same request for ever."""
    return lambda: itertools.repeat(get(path))


def _go_on(selector: selectors.BaseSelector, key: selectors.SelectorKey, requests: Iterator[bytes]) -> None:
    """Let a client send its next request, if there is one."""
    request, connection = next(requests, None), key.data
    if request is not None and not connection.is_last:
        connection.send(request)
        return
    selector.unregister(key.fileobj)
    connection.close()
    if request is not None:
        connection.send(request)
        selector.register(connection.require_socket(), selectors.EVENT_READ, connection)
