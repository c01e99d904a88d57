"""Clients on bare sockets, because they share the processors with what they measure."""

from __future__ import annotations

import json
import selectors
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bench.client import Refused, TooLate

CLIENTS = 16
PIECE = 1 << 20
TOLERANCE = 0.01  # of requests at once that may be refused, for they may be in each other's way


def request(method: str, path: str, headers: Mapping[str, str], body: object = None) -> bytes:
    """Return a request, with a body of JSON if there is one, as it goes over the wire."""
    data = b"" if body is None else json.dumps(body).encode()
    sent = {"Host": "127.0.0.1", "Accept": "application/json", **headers}
    if data:
        sent |= {"Content-Type": "application/json", "Content-Length": str(len(data))}
    lines = "".join(f"{name}: {text}\r\n" for name, text in sent.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + data


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    head: bytes
    body: bytes

    def header(self, name: str) -> str:
        """Return a header's text, or nothing."""
        for line in self.head.decode("latin-1").split("\r\n")[1:]:
            known, _, text = line.partition(":")
            if known.lower() == name.lower():
                return text.strip()
        return ""


class Connection:
    """One client; its connection stays open where the server lets it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None
        self._pieces: list[bytes] = []
        self._missing: int | None = None  # bytes of the body; None before the end of the head
        self._status = 0
        self._head = b""
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
        return Answer(self._status, self._head, b"".join(self._pieces))

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
        self._head, end, body = b"".join(self._pieces).partition(b"\r\n\r\n")
        if not end:
            return
        head = self._head.lower()
        self._pieces = [body]
        self._status = int(head[9:12])
        self.is_last = b"\r\nconnection: close" in head
        _, found, rest = head.partition(b"\r\ncontent-length:")
        length = int(rest.partition(b"\r\n")[0]) if found else 0
        if not found and self._status != 204:
            raise Refused(self._status, "an answer without a length")
        self._missing = length - len(body)


def ask(port: int, sent: bytes, timeout_s: float = 120) -> Answer:
    """Return the answer to one request on a connection of its own. Raises Refused and TooLate."""
    connection = Connection(port)
    try:
        answer = connection.exchange(sent, timeout_s)
    finally:
        connection.close()
    if answer.status >= 300:
        raise Refused(answer.status, answer.body.decode(errors="replace"))
    return answer


@dataclass(slots=True)
class Load:
    """What many clients at once got. What was refused does not count."""

    answers: int = 0
    refusals: int = 0
    took_s: float = 0.0
    own_cpu_s: float = 0.0  # what the clients themselves took of a processor

    @property
    def per_second(self) -> float:
        return self.answers / self.took_s

    @property
    def limit_per_second(self) -> float:
        """Return to how many answers the clients would come if nobody let them wait."""
        return self.answers / self.own_cpu_s


def load(port: int, requests: Iterator[bytes], seconds: float, clients: int = CLIENTS) -> Load:
    """Let clients send one request after the other for some seconds; count until all have their last answer.

    Raises Refused if many were.
    """
    result, began, own_began = Load(), time.perf_counter(), time.process_time()
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
    result.took_s, result.own_cpu_s = time.perf_counter() - began, time.process_time() - own_began
    if result.refusals > result.answers * TOLERANCE:
        raise Refused(0, f"{result.refusals} requests were refused, and {result.answers} were not")
    return result


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
