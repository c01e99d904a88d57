"""What came of a replay: how well servers were packed, how long decisions took, what failed and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pileus.compute.scheduler.choose import Choice
from pileus.replay.request import Size

PLACEMENT = "placement"
"""Who refuses where there is no room, before any filter is asked."""


@dataclass(frozen=True, slots=True)
class Use:
    """How much of one resource class is used."""

    resource_class: str
    capacity: int  # at the allocation ratio, without what is reserved
    used: int  # at the end
    most_used: int


@dataclass(frozen=True, slots=True)
class Fragmentation:
    """How many more servers of one size would find a host."""

    name: str
    size: Size
    fitting: int  # on the hosts as they are
    pooled: int  # if all that is free were on one host

    @property
    def share(self) -> float:
        """How much of what is free is of no use because it is here and there."""
        return 1 - self.fitting / self.pooled if self.pooled else 0.0


@dataclass(frozen=True, slots=True)
class Latency:
    """How long one part of the decisions took, in milliseconds."""

    name: str
    p50: float
    p90: float
    p99: float
    most: float
    mean: float


@dataclass(slots=True)
class Failure:
    """Why servers found no host."""

    by: str  # a filter's name, or placement
    reason: str  # the first
    server: str  # that it was said of
    servers: int = 0  # to which it was said
    hosts: int = 0  # of which it was said, counted for each server; 0 by placement, which says it of all


@dataclass(frozen=True, slots=True)
class Sample:
    """One moment of a replay."""

    requests: int  # so far
    at_s: float  # in the trace
    shares: Mapping[str, float]  # resource class → used share
    hosts_share: float  # in use
    fragmentation: float  # for the largest server
    failed: int  # so far


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """All of it."""

    servers: int
    placed: int
    left_out: int  # that the trace does not let run on such hosts
    hosts: int
    hosts_in_use: int
    most_hosts_in_use: int
    trace_s: float
    replay_s: float
    uses: Sequence[Use]
    fragmentations: Sequence[Fragmentation]
    latencies: Sequence[Latency]
    failures: Sequence[Failure]
    samples: Sequence[Sample]

    @property
    def failed(self) -> int:
        """How many servers found no host."""
        return self.servers - self.placed


def fragmentation(name: str, size: Size, rooms: Mapping[str, NDArray[np.int64]]) -> Fragmentation:
    """Return how many more servers of a size would find a host, and how many if hosts were one."""
    fitting: NDArray[np.int64] | None = None
    pooled: list[int] = []
    for resource_class, amount in size.amounts().items():
        room = np.maximum(rooms[resource_class], 0)
        seats = room // amount
        fitting = seats if fitting is None else np.minimum(fitting, seats)
        pooled.append(int(room.sum()) // amount)
    return Fragmentation(name, size, 0 if fitting is None else int(fitting.sum()), min(pooled, default=0))


@dataclass(slots=True)
class Failures:
    """Why servers found no host, counted by who refused them."""

    found: dict[tuple[str, str], Failure] = field(default_factory=dict)

    def add_refusals(self, server: str, choice: Choice) -> None:
        """Count that filters refused all hosts with room to a server."""
        for name, refused in choice.refusals.items():
            failure = self.found.get((name, ""))
            if failure is None:
                reason = choice.filters[name](choice.ask, choice.hosts.view(int(refused[0])))
                failure = self.found[name, ""] = Failure(name, reason or "", server)
            failure.servers += 1
            failure.hosts += len(refused)

    def add_lack(self, server: str, reason: str) -> None:
        """Count that no host has room for a server."""
        self.found.setdefault((PLACEMENT, reason), Failure(PLACEMENT, reason, server)).servers += 1

    def list_all(self) -> Sequence[Failure]:
        """Return them, the most frequent first."""
        return sorted(self.found.values(), key=lambda one: (-one.servers, one.by, one.reason))
