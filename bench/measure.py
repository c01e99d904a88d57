"""Measuring sides turn and turn about, so that what else happens on the machine happens to all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

from bench.client import Refused, TooLate
from bench.report import Figure
from bench.wire import Connection, Load, load

CAP_S = 120
IN_A_ROW = 10


class Reachable(Protocol):
    """Who answers at a port."""

    @property
    def port(self) -> int:
        """The port."""


class Side(Reachable, Protocol):
    """Who can be started anew too."""

    def start(self) -> None:
        """Start it, and return when it answers. Raises TooLate."""

    def stop(self) -> None:
        """Stop it, whatever it is doing."""


R = TypeVar("R", bound=Reachable)
Requests = Callable[[R], Iterator[bytes]]  # each side gets its own, from the start


def latencies(sides: Sequence[R], requests: Requests[R], rounds: int, *, ours_more: int = 1) -> list[Figure]:
    """Let one client of each side send so many requests, and Pileus' some times more; return the milliseconds.

    A client sends some, one after the other as clients do, before it is the next side's turn: who sleeps between any
    two requests answers each of them with cold caches.
    """
    streams = [requests(side) for side in sides]
    clients = [Connection(side.port) for side in sides]
    for stream, client in zip(streams, clients, strict=True):
        _timed_ms(client, next(stream))  # to warm it up
    laps: list[list[float]] = [[] for _ in sides]
    for begun in range(0, rounds, IN_A_ROW):
        count = min(IN_A_ROW, rounds - begun)
        for number, (stream, client) in enumerate(zip(streams, clients, strict=True)):
            laps[number] += [_timed_ms(client, next(stream)) for _ in range(count if number else count * ours_more)]
    for client in clients:
        client.close()
    return [Figure(lap, "ms") for lap in laps]


def rates(sides: Sequence[R], requests: Requests[R], seconds: float, turns: int) -> list[list[Load]]:
    """Let sixteen clients at once work on one side after the other; return each side's turns."""
    streams = [requests(side) for side in sides]
    laps: list[list[Load]] = [[] for _ in sides]
    for _ in range(turns):
        for side, stream, lap in zip(sides, streams, laps, strict=True):
            lap.append(load(side.port, stream, seconds))
    return laps


def per_second(laps: Sequence[Load]) -> Figure:
    """Return how many answers a second one side gave."""
    return Figure([each.per_second for each in laps], "/s")


def capped(side: Side, request: bytes, cap_s: float = CAP_S) -> Figure | str:
    """Return the milliseconds of one request, or that it took longer than the cap; then the side is started anew."""
    client = Connection(side.port)
    try:
        return Figure([_timed_ms(client, request, cap_s)], "ms")
    except TooLate:
        side.stop()
        side.start()
        return f"> {cap_s * 1000:,.0f} ms"
    finally:
        client.close()


def _timed_ms(client: Connection, request: bytes, timeout_s: float = CAP_S) -> float:
    began = time.perf_counter()
    answer = client.exchange(request, timeout_s)
    took_ms = (time.perf_counter() - began) * 1000
    if answer.status >= 300:
        raise Refused(answer.status, answer.body.decode(errors="replace"))
    return took_ms
