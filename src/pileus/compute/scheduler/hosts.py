"""Hosts as columns: what a decision among a hundred thousand of them reads.

A column of numbers is an array. A column of anything else keeps each different value once, and a code per host.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import repeat
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pileus.compute.scheduler.ask import Ask, HostView

Indices: TypeAlias = NDArray[np.intp]
Numbers: TypeAlias = NDArray[Any]  # of integers or floats

AMOUNTS = ("free", "used", "total")
"""Facts that are a number for each of several names; their columns are `free:VCPU` and so on."""
NUMBERS = ("servers", "io_ops", "failed_builds", "image_servers", "hypervisor_version")
METRICS = "metrics"
"""The fact that a host may lack: not a number in its column."""
KNOWN = "known:"
"""Before the name of a column: whether a host has it."""
TRUTHS = ("is_up", "is_enabled")
WORDS = ("zone", "disabled_reason", "hypervisor_type", "cpu_info", "aggregates", "address", "topology")


@dataclass(frozen=True, slots=True)
class Coded:
    """A column of what is no number: the different values, and which of them each host has."""

    values: Sequence[Any]
    codes: Indices

    @classmethod
    def of(cls, items: Iterable[Any], *, key: Any = repr) -> Coded:
        """Return a column of these; those whose key is the same are the same."""
        seen: dict[Any, int] = {}
        values: list[Any] = []
        codes = []
        for item in items:
            code = seen.setdefault(key(item), len(values))
            if code == len(values):
                values.append(item)
            codes.append(code)
        return cls(values, np.array(codes, dtype=np.intp))

    def with_values(self, indices: Indices, items: Sequence[Any]) -> Coded:
        """Return the column with other values in some places."""
        if [repr(self.values[code]) for code in self.codes[indices]] == list(map(repr, items)):
            return self  # as it mostly is, and there may be as many values as hosts
        seen = {repr(value): code for code, value in enumerate(self.values)}
        values, new = list(self.values), []
        for item in items:
            new.append(seen.setdefault(repr(item), len(values)))
            if new[-1] == len(values):
                values.append(item)
        codes = self.codes.copy()
        codes[indices] = new
        if len(values) > len(codes):  # no host has some of them any more
            used, codes = np.unique(codes, return_inverse=True)
            values = [values[code] for code in used]
        return Coded(values, codes)


@dataclass(frozen=True, eq=False)
class Names:
    """What hosts are called, in the order of the first of it."""

    hosts: Sequence[str]
    providers: Sequence[str]
    nodes: Sequence[str]
    _last: list[tuple[Sequence[str], Indices]] = field(default_factory=list, init=False)  # found of providers, if any

    def rows_of(self, providers: Sequence[str]) -> Indices:
        """Return the row of each resource provider; -1 of one that no host stands for."""
        for asked, found in self._last:
            if asked == providers:  # as it is from one decision to the next, while many have room
                return found
        rows = np.fromiter(map(self._row_of.get, providers, repeat(-1)), np.intp, len(providers))
        self._last[:] = [(providers, rows)]
        return rows

    @cached_property
    def _row_of(self) -> Mapping[str, int]:
        return {provider: row for row, provider in enumerate(self.providers)}

    @cached_property
    def node_array(self) -> NDArray[np.object_]:
        """The nodes, to be compared at once."""
        return np.array(self.nodes, dtype=object)


@dataclass(frozen=True, slots=True)
class Hosts:
    """Some hosts, in the order of their names. The columns are those of all, and it is looked up what is asked for."""

    names: Names
    rows: Indices  # which of the names they are, ascending
    numbers: Mapping[str, Numbers] = field(default_factory=dict)  # with a row for every name
    words: Mapping[str, Coded] = field(default_factory=dict)  # so too

    @classmethod
    def of(cls, views: Iterable[HostView]) -> Hosts:
        """Return columns of what is known host by host."""
        views = sorted(views, key=lambda view: view.host)
        names = Names([v.host for v in views], [v.provider for v in views], [v.node for v in views])
        numbers = {name: np.array([getattr(view, name) for view in views]) for name in (*NUMBERS, *TRUTHS)}
        for fact in AMOUNTS:
            for name in dict.fromkeys(name for view in views for name in getattr(view, fact)):
                numbers[f"{fact}:{name}"] = np.array([getattr(view, fact).get(name, 0) for view in views])
        for name in dict.fromkeys(name for view in views for name in view.metrics):
            numbers[f"{METRICS}:{name}"] = np.array([view.metrics.get(name, np.nan) for view in views])
        words = {name: Coded.of(getattr(view, name) for view in views) for name in WORDS}
        return cls(names, np.arange(len(views)), numbers, words)

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, indices: Indices) -> Hosts:
        """Return some of them, by ascending position."""
        return Hosts(self.names, self.rows[indices], self.numbers, self.words)

    def with_numbers(self, numbers: Mapping[str, Numbers]) -> Hosts:
        """Return them with further columns, or others, that have a row for every name."""
        return Hosts(self.names, self.rows, {**self.numbers, **numbers}, self.words)

    def number(self, name: str) -> Numbers:
        """Return a column of numbers; zeros if nobody has any."""
        found = self.numbers.get(name)
        return np.zeros(len(self), dtype=np.int64) if found is None else self._theirs(found)

    def counted(self, counts: Mapping[str, int]) -> Numbers:
        """Return a column of what was counted by hosts' names."""
        column = np.zeros(len(self), dtype=np.int64)
        for host, count in counts.items():
            index = self.find(host)
            if index is not None:
                column[index] = count
        return column

    def measured(self, name: str) -> Numbers:
        """Return a column of what hosts may not have measured; nobody has a number of it where there is none."""
        found = self.numbers.get(name)
        return np.full(len(self), np.nan) if found is None else self._theirs(found)

    def codes(self, name: str) -> Indices:
        """Return the codes of a column of what is no number."""
        return self._theirs(self.words[name].codes)

    def _theirs(self, column: Numbers) -> Numbers:
        return column if len(self.rows) == len(column) else column[self.rows]

    def view(self, index: int) -> HostView:
        """Return one of them as filters and other people's weighers see it."""
        row = int(self.rows[index])
        facts: dict[str, Any] = {name: coded.values[coded.codes[row]] for name, coded in self.words.items()}
        for name, column in self.numbers.items():
            fact, colon, key = name.partition(":")
            if fact == METRICS and np.isnan(column[row]):
                continue
            if colon:
                facts.setdefault(fact, {})[key] = column[row].item()
            else:
                facts[fact] = column[row].item()
        names = self.names
        return HostView(host=names.hosts[row], provider=names.providers[row], node=names.nodes[row], **facts)

    def find(self, host: str) -> int | None:
        """Return a host's position, if it is among them."""
        row = bisect_left(self.names.hosts, host)
        if row == len(self.names.hosts) or self.names.hosts[row] != host:
            return None
        index = int(np.searchsorted(self.rows, row))
        return index if index < len(self.rows) and self.rows[index] == row else None

    # --- which hosts look the same --------------------------------------------------------------

    def kinds(self, facts: Iterable[str], named: Iterable[str], ask: Ask) -> Indices | None:
        """Return a code per host: hosts of the same one are alike in these facts, and none of those named.

        None: all are alike.
        """
        codes, size = None, 1
        for fact in facts:
            column, width = self._codes(fact, ask)
            if width > 1:
                codes, size = column if codes is None else codes * width + column, size * width
            if codes is not None and size > 4 * len(self) + 1024:
                codes, size = _packed(codes)
        apart = [index for index in map(self.find, named) if index is not None]
        if apart:
            codes = np.zeros(len(self), dtype=np.intp) if codes is None else codes.copy()
            codes[apart] = np.arange(size, size + len(apart))
        return codes

    def _codes(self, fact: str, ask: Ask) -> tuple[Indices, int]:
        """Return a code per host by one fact, and a number that is larger than each."""
        if fact == "node":
            return np.asarray(self.names.node_array[self.rows] == ask.only_node, dtype=np.intp), 2
        if fact in self.words:
            return self.codes(fact), len(self.words[fact].values)
        if fact.startswith(KNOWN):
            return np.asarray(~np.isnan(self.measured(fact.removeprefix(KNOWN))), dtype=np.intp), 2
        column = self.number(fact)
        if column.dtype.kind == "f":
            return _packed(column)
        low, high = (int(column.min()), int(column.max())) if len(column) else (0, 0)
        return np.subtract(column, low, dtype=np.intp), high - low + 1


def _packed(codes: Numbers) -> tuple[Indices, int]:
    """Return codes without gaps, and how many there are."""
    values, packed = np.unique(codes, return_inverse=True)
    return packed.astype(np.intp), len(values)
