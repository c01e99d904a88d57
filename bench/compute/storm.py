"""A boot storm: very many servers at once, from the first request until all are ACTIVE; then all are deleted."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench import wire
from bench.client import TooLate, wait_until
from bench.compute.sides import Side
from bench.report import Figure, Row, at_least, times_better

SERVERS = 1000
FEWER = 100  # of the original, which takes its time
PER_SECOND, TIMES = 40, 10
CAP_S, GONE_S = 300.0, 300.0


@dataclass(frozen=True, slots=True)
class Storm:
    """What became of it."""

    servers: int
    took_s: float
    failed: int
    unfinished: int
    orphans: int  # processors that are allocated to nobody after all were deleted, or missing before

    @property
    def per_second(self) -> float:
        return (self.servers - self.failed - self.unfinished) / self.took_s


def storm(sides: Sequence[Side]) -> list[Row]:
    """Boot very many servers of 16 clients on one side after the other."""
    counts = (SERVERS, FEWER)
    found = [_storm(side, count) for side, count in zip(sides, counts, strict=False)]
    what = f"{SERVERS:,} servers by {wire.CLIENTS} clients"
    if len(found) > 1:
        what += f" (of the original {FEWER})"
    figures = [Figure([each.per_second], "/s") for each in found]
    ours, theirs = figures[0], figures[1] if len(figures) > 1 else None
    first = at_least(f"{what}: ACTIVE", ours, theirs, PER_SECOND)
    both = times_better("", ours, theirs, TIMES, is_more_better=True)
    return [
        _with_both(first, both),
        _none("of them not ACTIVE", [each.failed + each.unfinished for each in found]),
        _none("allocations that are not of a server, before and after all are deleted", [e.orphans for e in found]),
    ]


def _storm(side: Side, count: int) -> Storm:
    body = {"server": {"name": "storm", "imageRef": side.image, "flavorRef": side.flavor}}
    asked = itertools.repeat(side.request("POST", "/servers", body), count)
    began = time.perf_counter()
    wire.load(side.port, asked, CAP_S)
    with contextlib.suppress(TooLate):  # what is left is counted
        wait_until("servers are not ACTIVE", lambda: not _count(side, "BUILD", 1), timeout_s=CAP_S, pause_s=0.1)
    took_s = time.perf_counter() - began
    failed, unfinished = _count(side, "ERROR", count), _count(side, "BUILD", count)
    orphans = 0 if unfinished else abs(side.held() - (count - failed))
    _delete_all(side)
    return Storm(count, took_s, failed, unfinished, orphans + side.held())


def _count(side: Side, status: str, limit: int) -> int:
    return len(side.servers(f"status={status}&limit={limit}"))


def _delete_all(side: Side) -> None:
    """Delete every server, and wait until all are gone with what they held."""
    found = side.servers("limit=1000")
    asked = (side.request("DELETE", f"/servers/{each['id']}") for each in found)
    wire.load(side.port, asked, CAP_S)
    wait_until("servers are still there", lambda: not side.servers("limit=1"), timeout_s=GONE_S, pause_s=0.2)


def _none(what: str, counts: Sequence[int]) -> Row:
    figures = [Figure([count], "", 0) for count in counts]
    theirs = figures[1] if len(figures) > 1 else None
    return Row(what, figures[0], theirs, has_ratio=False, aim="none", is_met=counts[0] == 0)


def _with_both(first: Row, second: Row) -> Row:
    """Return a row that has two aims."""
    if not second.aim:
        return first
    return Row(
        first.what, first.pileus, first.originals, is_more_better=True, aim=f"{first.aim} and {second.aim}",
        is_met=first.is_met and second.is_met,
    )  # fmt: skip
