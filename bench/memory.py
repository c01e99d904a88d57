"""What an idle cloud takes."""

from __future__ import annotations

import time
from collections.abc import Sequence

from bench import latency, process
from bench.client import Client
from bench.cloud import Cloud
from bench.process import Footprint
from bench.report import Figure, Row, Table, at_most

IDLE_S = 10
ROUNDS = 8  # of every call, which makes some dozens of requests
AIM_MIB = 200

Phase = tuple[str, Footprint, float]  # when, what it took, and the percentage of one processor while it was idle


def measure(cloud: Cloud, client: Client) -> list[Phase]:
    """Look at a cloud that has just started, and at one that has answered some dozens of requests."""
    phases = [_rest("just started", cloud)]
    latency.ensure_user(client)
    for _ in range(ROUNDS):
        for call in latency.CALLS:
            call.run(client)
    return [*phases, _rest(f"after {ROUNDS * len(latency.CALLS)} requests", cloud)]


def measure_last(cloud: Cloud) -> Phase:
    """Look at a cloud that has done all of the work there was."""
    return _rest("after all measurements", cloud)


def table(ours: Sequence[Phase], theirs: Sequence[Phase]) -> Table:
    """Return the table; both sides were looked at in the same phases."""
    rows = []
    for number, (when, footprint, idle) in enumerate(ours):
        other = theirs[number] if number < len(theirs) else None
        rows += _rows(when, footprint, idle, other)
    notes = (
        f"Each after {IDLE_S} s without a request. RSS counts a page that processes share in each of them, PSS once; "
        "the aim is for both. Not counted: libvirt's own daemons, which real guests need on either side, and the "
        "guests. Pileus uses libvirt, but for the last rows, where both sides pretend."
    )
    return Table("2. Memory of the whole cloud, idle", rows, notes)


def _rest(when: str, cloud: Cloud) -> Phase:
    before = process.footprint(cloud.pids()).cpu_s
    time.sleep(IDLE_S)
    footprint = process.footprint(cloud.pids())
    return when, footprint, (footprint.cpu_s - before) / IDLE_S * 100


def _rows(when: str, ours: Footprint, idle: float, other: Phase | None) -> list[Row]:
    theirs = other[1] if other else None
    counts = [
        (f"{when}: processes", ours.processes, theirs and theirs.processes),
        (f"{when}: threads", ours.threads, theirs and theirs.threads),
    ]
    return [
        at_most(f"{when}: RSS", _mib(ours.rss_mib), _mib(theirs.rss_mib) if theirs else None, AIM_MIB),
        at_most(f"{when}: PSS", _mib(ours.pss_mib), _mib(theirs.pss_mib) if theirs else None, AIM_MIB),
        *(Row(what, _count(mine), None if other is None else _count(its or 0)) for what, mine, its in counts),
        Row(f"{when}: processor, idle", _percent(idle), _percent(other[2]) if other else None),
    ]


def _mib(value: float) -> Figure:
    return Figure([value], "MiB", 0)


def _count(value: int) -> Figure:
    return Figure([value], "", 0)


def _percent(value: float) -> Figure:
    return Figure([value], "%", 1)
