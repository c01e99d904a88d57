"""The fleet: all hosts as columns in memory, brought up to date by what changed since the last decision.

The database counts changes of hosts (`db/fleet.py`); a decision reads that count, and what is new. When a host was
heard of last is not counted, as it changes all the time: who was up stays up for as long as its last word says, and of
one that seems to be down it is read again.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import numpy as np

from pileus.compute.db import aggregate, fleet
from pileus.compute.model.aggregate import ZONE_KEY
from pileus.compute.model.host import DEFAULT_ZONE
from pileus.compute.model.topology import Topology
from pileus.compute.scheduler.hosts import METRICS, Coded, Hosts, Indices, Names, Numbers
from pileus.compute.scheduler.load import Load
from pileus.kit import log
from pileus.kit.db import Database, Row, Transaction

logger = log.get_logger("pileus.compute.fleet")

_NEVER = datetime.min
_MOMENT = "datetime64[us]"
_NUMBERS = {
    "total:VCPU": "vcpus",
    "total:MEMORY_MB": "memory_mb",
    "total:DISK_GB": "local_gb",
    "hypervisor_version": "hypervisor_version",
    "failed_builds": "failed_builds",
}
"""The column → what the database calls it."""


class Fleet:
    """All hosts of one database, as this process knows them."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._load = Load()
        self._seen = -1  # the generation
        self._known = Hosts(Names((), (), ()), np.arange(0))
        self._heard: Numbers = np.zeros(0, dtype=_MOMENT)  # when each was heard of last

    def current(self, database: Database, now: datetime, down_after_s: float) -> Hosts:
        """Return all hosts as they are now. What is returned never changes."""
        with self._turn, database.read() as tx:
            newest, gone = fleet.generation(tx)
            if self._seen < gone or self._seen < 0:
                self._read_all(tx)
            elif self._seen < newest:
                self._read_changed(tx)
            self._seen = newest
            self._follow_load(tx, now)
            return self._judged(tx, now, down_after_s)

    # --- facts ----------------------------------------------------------------------------------

    def _read_all(self, tx: Transaction) -> None:
        rows = sorted(fleet.list_facts(tx), key=lambda row: str(row.host))
        said = aggregate.metadata_by_host(tx)
        names = Names([row.host for row in rows], [row.uuid for row in rows], [row.hostname for row in rows])
        shapes = Coded.of((row.topology for row in rows), key=str)
        texts = Coded.of((row.cpu_info for row in rows), key=str)
        words = {
            "cpu_info": Coded([msgspec.json.decode(text) for text in texts.values], texts.codes),
            "topology": Coded([_topology(text) for text in shapes.values], shapes.codes),
            "address": Coded.of((row.address for row in rows), key=str),
            "hypervisor_type": Coded.of((row.hypervisor_type for row in rows), key=str),
            "disabled_reason": Coded.of(row.disabled_reason for row in rows),
            "aggregates": Coded.of(said.get(row.host, ()) for row in rows),
            "zone": Coded.of((_zone(said.get(row.host, ())) for row in rows), key=str),
        }
        numbers: dict[str, Numbers] = {
            name: np.array([getattr(row, column) for row in rows], dtype=np.int64) for name, column in _NUMBERS.items()
        }
        numbers["is_enabled"] = np.array([not row.is_disabled for row in rows], dtype=bool)
        self._heard = np.array([_heard(row) for row in rows], dtype=_MOMENT)
        measured = _measured(numbers, np.arange(len(rows)), rows)
        self._known = Hosts(names, np.arange(len(rows)), measured, words)
        self._count(self._known.names.hosts)
        logger.info("fleet loaded", hosts=len(rows))

    def _read_changed(self, tx: Transaction) -> None:
        rows = fleet.list_facts(tx, since=self._seen)
        positions = [self._find(row) for row in rows]
        if None in positions:
            self._read_all(tx)
            return
        at = np.array(positions, dtype=np.intp)
        said = aggregate.metadata_by_host(tx, [row.host for row in rows])
        numbers, words = dict(self._known.numbers), dict(self._known.words)
        for name, column in _NUMBERS.items():
            numbers[name] = _with(numbers[name], at, [getattr(row, column) for row in rows])
        numbers["is_enabled"] = _with(numbers["is_enabled"], at, [not row.is_disabled for row in rows])
        self._heard = _with(self._heard, at, [_heard(row) for row in rows])
        changes: dict[str, list[Any]] = {
            "cpu_info": [msgspec.json.decode(row.cpu_info) for row in rows],
            "topology": [_topology(row.topology) for row in rows],
            "address": [row.address for row in rows],
            "hypervisor_type": [row.hypervisor_type for row in rows],
            "disabled_reason": [row.disabled_reason for row in rows],
            "aggregates": [said.get(row.host, ()) for row in rows],
            "zone": [_zone(said.get(row.host, ())) for row in rows],
        }
        for name, values in changes.items():
            words[name] = words[name].with_values(at, values)
        measured = _measured(numbers, at, rows)
        self._known = Hosts(self._known.names, self._known.rows, measured, words)

    def _find(self, row: Row) -> int | None:
        """Return the position of a host that is called what it was called."""
        index, names = self._known.find(row.host), self._known.names
        is_same = index is not None and (names.providers[index], names.nodes[index]) == (row.uuid, row.hostname)
        return index if is_same else None

    # --- load -----------------------------------------------------------------------------------

    def _follow_load(self, tx: Transaction, now: datetime) -> None:
        changed = self._load.follow(tx, now)
        self._count(self._known.names.hosts if changed is None else changed)

    def _count(self, hosts: Iterable[str]) -> None:
        """Write the load of these hosts into the columns."""
        places = [(host, index) for host in hosts if (index := self._known.find(host)) is not None]
        if not places and "servers" in self._known.numbers:
            return
        at = np.array([index for _, index in places], dtype=np.intp)
        loads = [self._load.of(host) for host, _ in places]
        columns = {
            name: _with(self._known.number(name), at, [load[part] for load in loads])
            for part, name in enumerate(("servers", "io_ops"))
        }
        self._known = self._known.with_numbers(columns)

    # --- who is up ------------------------------------------------------------------------------

    def _judged(self, tx: Transaction, now: datetime, down_after_s: float) -> Hosts:
        """Return the hosts with who of them is up; of those that seem not to be, read when they were heard of."""
        since = np.datetime64(now - timedelta(seconds=down_after_s), "us")
        doubted = np.flatnonzero((self._heard < since) & (self._heard > np.datetime64(_NEVER, "us")))
        if len(doubted):
            hosts = [self._known.names.hosts[int(index)] for index in doubted]
            heard = {host: moment for host, moment in fleet.last_seen(tx, hosts) if moment is not None}
            known = np.array([host in heard for host in hosts], dtype=bool)
            self._heard = _with(self._heard, doubted[known], [heard[host] for host in hosts if host in heard])
        return self._known.with_numbers({"is_up": self._heard >= since})


def _heard(row: Row) -> datetime:
    """Return when a host was heard of; one that is said to be down whatever it says was not."""
    return _NEVER if row.is_forced_down or row.last_seen_at is None else row.last_seen_at


def _measured(numbers: Mapping[str, Numbers], at: Indices, rows: Sequence[Row]) -> dict[str, Numbers]:
    """Return columns with what some hosts measured; what one did not is not a number."""
    columns = dict(numbers)
    found = [msgspec.json.decode(row.metrics) for row in rows]
    names = {f"{METRICS}:{name}" for metrics in found for name in metrics}
    for name in names | {name for name in numbers if name.startswith(f"{METRICS}:")}:
        key = name.partition(":")[2]
        column = numbers.get(name, np.full(len(numbers["is_enabled"]), np.nan))
        columns[name] = _with(column, at, [metrics.get(key, np.nan) for metrics in found])
    return columns


def _topology(text: str) -> Topology:
    return msgspec.json.decode(text, type=Topology)


def _zone(aggregates: Sequence[Mapping[str, str]]) -> str:
    zones = [metadata[ZONE_KEY] for metadata in aggregates if ZONE_KEY in metadata]
    return zones[-1] if zones else DEFAULT_ZONE


def _with(column: Numbers, at: Numbers, values: Sequence[Any]) -> Numbers:
    """Return a column with other values in some places: a copy, if they are others."""
    new = np.array(values, dtype=column.dtype)
    if np.array_equal(column[at], new):
        return column
    changed = column.copy()
    changed[at] = new
    return changed
