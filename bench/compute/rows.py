"""The rows about servers that are there: lists of very many, and single ones; and one server after the other."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterator, Sequence

from bench import boot, wire
from bench.compute.sides import Side
from bench.measure import latencies, per_second, rates
from bench.report import Figure, Row, at_most, times_better

COPIES, PAGE, SHOWN = 10_000, 1000, 500
LIST_MS, TIMES = 100, 10
LIST_ROUNDS, SHOW_ROUNDS, SECONDS, TURNS = 4, 200, 3.0, 2
BOOTS = 10


class Different(Exception):
    """The sides do not answer alike."""


def boots(sides: Sequence[Side]) -> list[Row]:
    """Boot one server after the other, turn and turn about, on idle clouds."""
    laps: list[list[float]] = [[] for _ in sides]
    for _ in range(BOOTS):
        for side, lap in zip(sides, laps, strict=True):
            began = time.perf_counter()
            server_id, _ = boot.create(side.client, side.image, side.flavor)
            boot.wait_for_active(side.client, server_id, pause_s=0.01)
            lap.append((time.perf_counter() - began) * 1000)
            boot.delete(side.client, server_id)
    return [Row("one server of an idle cloud: ACTIVE", *_pair([Figure(lap, "ms") for lap in laps]))]


def lists(sides: Sequence[Side]) -> list[Row]:
    """Ask for a page of a thousand of very many servers, with all details."""
    found = []
    for count, aim in ((PAGE, LIST_MS), (100, 0)):
        asked = {id(side): side.request("GET", f"/servers/detail?limit={count}") for side in sides}
        for side in sides:
            _require_page(side, asked[id(side)], count)
        figures = latencies(sides, _same(asked), LIST_ROUNDS, ours_more=5)
        what = f"{count:,} of {COPIES:,} servers with details: one client"
        found.append(at_most(what, *_pair(figures), aim) if aim else Row(what, *_pair(figures)))
    return found


def show(sides: Sequence[Side], server_ids: Sequence[Sequence[str]]) -> list[Row]:
    """Show one server after the other."""
    asked = {
        id(side): [side.request("GET", f"/servers/{each}") for each in some[:SHOWN]]
        for side, some in zip(sides, server_ids, strict=True)
    }

    def requests(side: Side) -> Iterator[bytes]:
        return itertools.cycle(asked[id(side)])

    _require_same_fields([json.loads(wire.ask(side.port, asked[id(side)][0]).body)["server"] for side in sides])
    one = latencies(sides, requests, SHOW_ROUNDS)
    many = [per_second(laps) for laps in rates(sides, requests, SECONDS, TURNS)]
    return [
        times_better(f"show, {SHOWN} servers: one client", *_pair(one), TIMES),
        times_better(f"show, {SHOWN} servers: {wire.CLIENTS} clients", *_pair(many), TIMES, is_more_better=True),
    ]


def _same(asked: dict[int, bytes]) -> Callable[[Side], Iterator[bytes]]:
    return lambda side: itertools.repeat(asked[id(side)])


def _require_page(side: Side, asked: bytes, count: int) -> None:
    found = json.loads(wire.ask(side.port, asked).body)["servers"]
    if len(found) != count:
        raise Different(f"{side.client.url('compute', '')} lists {len(found)} servers and not {count}")


def _require_same_fields(servers: Sequence[dict[str, object]]) -> None:
    """Each side shows its own server; the fields are the same."""
    fields = [sorted(each) for each in servers]
    if any(each != fields[0] for each in fields):
        raise Different(f"the sides show other fields: {fields}")


def _pair(figures: Sequence[Figure]) -> tuple[Figure, Figure | None]:
    return figures[0], figures[1] if len(figures) > 1 else None
