"""How long decisions take, and the parts of each."""

from __future__ import annotations

import time
from array import array
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pileus.replay.outcome import Latency

CANDIDATES, CHOICE, CLAIM, DECISION = "candidates", "choice", "claim", "decision"
"""Asking the index; filters and weighers; writing it into the index; all of them."""


class Stopwatch:
    """Times of many decisions, in nanoseconds."""

    def __init__(self) -> None:
        self.times = {name: array("q") for name in (CANDIDATES, CHOICE, CLAIM, DECISION)}

    def start(self) -> Lap:
        """Begin a decision."""
        return Lap(self)

    def latencies(self) -> Sequence[Latency]:
        """Return what they come to, of those parts that there were."""
        return [_latency(name, np.frombuffer(times, np.int64) / 1e6) for name, times in self.times.items() if times]


class Lap:
    """One decision. A part may come more than once."""

    def __init__(self, watch: Stopwatch) -> None:
        self._watch = watch
        self._parts: dict[str, int] = {}
        self._last = time.perf_counter_ns()

    def end(self, part: str) -> None:
        """Note that a part took the time since the last end, or since the start."""
        now = time.perf_counter_ns()
        self._parts[part] = self._parts.get(part, 0) + now - self._last
        self._last = now

    def finish(self) -> None:
        """Count the decision."""
        for part, spent in self._parts.items():
            self._watch.times[part].append(spent)
        self._watch.times[DECISION].append(sum(self._parts.values()))


def _latency(name: str, times_ms: NDArray[np.float64]) -> Latency:
    p50, p90, p99 = np.percentile(times_ms, (50, 90, 99)).tolist()
    return Latency(name, p50, p90, p99, float(times_ms.max()), float(times_ms.mean()))
