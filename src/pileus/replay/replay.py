"""The replay itself: servers leave and come in the order of time, and each that comes asks for a host."""

from __future__ import annotations

import heapq
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from pileus.compute.scheduler.ask import Ask, GroupWish, HostView
from pileus.compute.scheduler.catalog import Scheduler
from pileus.compute.scheduler.choose import Choice
from pileus.compute.scheduler.prefilter import Narrowed, narrowed
from pileus.compute.settings import Settings
from pileus.kit.errors import Invalid
from pileus.replay.fake_hosts import CLASSES, FakeHosts
from pileus.replay.lack import lack
from pileus.replay.outcome import Failures, Outcome, Sample, Use, fragmentation
from pileus.replay.request import Request, Size
from pileus.replay.stopwatch import CANDIDATES, CHOICE, CLAIM, Lap, Stopwatch
from pileus.replay.trace.file import Trace

SAMPLES = 200  # of a whole replay

Progress = Callable[[int, int], None]
"""Told now and then how many servers have come, and how many of them found no host."""


def replay(trace: Trace, hosts: FakeHosts, scheduler: Scheduler, settings: Settings, *, progress: Progress) -> Outcome:
    """Place what a trace asks for, each on the host that compute would take."""
    return _Replay(trace, hosts, scheduler, settings).run(progress)


class _Replay:
    def __init__(self, trace: Trace, hosts: FakeHosts, scheduler: Scheduler, settings: Settings) -> None:
        self._trace = trace
        self._hosts = hosts
        self._scheduler = scheduler
        self._settings = settings
        self._neighbours = _Neighbours()
        self._leaving: list[tuple[float, int, Request, int, Mapping[str, int]]] = []  # when, …, from which host, with
        self._watch = Stopwatch()
        self._failures = Failures()
        self._placed = 0
        self._most_in_use = 0
        self._most_used = dict.fromkeys(CLASSES, 0)
        self._samples: list[Sample] = []
        self._typical, self._largest = _sizes(trace.requests, hosts)

    def run(self, progress: Progress) -> Outcome:
        """Place everything."""
        started = time.monotonic()
        requests = self._trace.requests
        step = max(1, len(requests) // SAMPLES)
        for number, request in enumerate(requests, 1):
            self._let_go(request.start_s)
            self._place(number, request)
            if number % step == 0 or number == len(requests):
                self._take_sample(number, request)
                progress(number, number - self._placed)
        return self._outcome(time.monotonic() - started)

    def _let_go(self, now_s: float) -> None:
        while self._leaving and self._leaving[0][0] <= now_s:
            _, _, request, host, amounts = heapq.heappop(self._leaving)
            self._hosts.release(host, amounts)
            self._neighbours.leave(request)

    def _place(self, number: int, request: Request) -> None:
        """Find a host for a server: among some at first, and among all if none of the some will do."""
        limit = self._settings.scheduler.max_placement_results
        try:
            ask = self._neighbours.with_neighbours(request, request.ask(self._settings.pci.alias))
            lap = self._watch.start()
            choice, found = self._choose(ask, limit, lap)
            if not len(choice.passed) and found >= limit:
                choice, found = self._choose(ask, None, lap)
        except Invalid as error:  # it contradicts itself, or there can be no host for it
            self._failures.add_lack(request.id, error.reason)
            return
        best = self._scheduler.best(choice, 1)
        lap.end(CHOICE)
        if best:
            self._take(number, request, ask, best[0])
            lap.end(CLAIM)
        elif choice.refusals:
            self._failures.add_refusals(request.id, choice)
        else:
            self._failures.add_lack(request.id, lack(self._hosts.snapshot, ask, self._narrowed(ask, limit)))
        lap.finish()

    def _choose(self, ask: Ask, limit: int | None, lap: Lap) -> tuple[Choice, int]:
        """Return the choice among the hosts that placement names, and how many those are."""
        found = self._hosts.candidates(ask, self._narrowed(ask, limit), limit)
        lap.end(CANDIDATES)
        choice = self._scheduler.choose(ask, self._hosts.views(found))
        lap.end(CHOICE)
        return choice, len(found)

    def _narrowed(self, ask: Ask, limit: int | None) -> Narrowed:
        """Return what placement is asked beside: in a cloud larger than the limit, for the zone too."""
        is_large = limit is not None and self._hosts.count > limit
        return narrowed(ask, self._hosts.aggregates, self._settings.scheduler, by_zone=is_large)

    def _take(self, number: int, request: Request, ask: Ask, best: HostView) -> None:
        hosts = self._hosts
        host = hosts.number(best.provider)
        hosts.claim(host, request.id, ask.resources)
        self._neighbours.come(request, best.host)
        self._placed += 1
        self._most_in_use = max(self._most_in_use, hosts.in_use)
        for resource_class in CLASSES:
            self._most_used[resource_class] = max(self._most_used[resource_class], hosts.used[resource_class])
        if request.end_s is not None:
            heapq.heappush(self._leaving, (request.end_s, number, request, host, ask.resources))

    def _take_sample(self, number: int, request: Request) -> None:
        hosts = self._hosts
        sample = Sample(
            requests=number,
            at_s=request.start_s - self._trace.requests[0].start_s,
            shares={name: hosts.used[name] / (hosts.capacity[name] or 1) for name in CLASSES},
            hosts_share=hosts.in_use / hosts.count,
            fragmentation=fragmentation("", self._largest, hosts.rooms()).share,
            failed=number - self._placed,
        )
        self._samples.append(sample)

    def _outcome(self, replay_s: float) -> Outcome:
        hosts, rooms, requests = self._hosts, self._hosts.rooms(), self._trace.requests
        return Outcome(
            servers=len(requests),
            placed=self._placed,
            left_out=self._trace.left_out,
            hosts=hosts.count,
            hosts_in_use=hosts.in_use,
            most_hosts_in_use=self._most_in_use,
            trace_s=requests[-1].start_s - requests[0].start_s,
            replay_s=replay_s,
            uses=[Use(name, hosts.capacity[name], hosts.used[name], self._most_used[name]) for name in CLASSES],
            fragmentations=[
                fragmentation("the most frequent", self._typical, rooms),
                fragmentation("the largest", self._largest, rooms),
            ],
            latencies=self._watch.latencies(),
            failures=self._failures.list_all(),
            samples=self._samples,
        )


def _sizes(requests: Sequence[Request], hosts: FakeHosts) -> tuple[Size, Size]:
    """Return the most frequent size and the largest, of those for which a host is large enough; if any is."""
    counts = Counter(request.size for request in requests)
    counts = Counter({size: count for size, count in counts.items() if hosts.is_any_large_enough(size)}) or counts
    most_frequent = min(counts, key=lambda size: (-counts[size], _order(size)))
    return most_frequent, max(counts, key=_order)


def _order(size: Size) -> tuple[int, int, int]:
    return size.vcpus, size.memory_mb, size.disk_gb


class _Neighbours:
    """Where the servers are that others want to be with, or not to be with."""

    def __init__(self) -> None:
        self._host_of: dict[str, str] = {}
        self._members: defaultdict[str, Counter[str]] = defaultdict(Counter)  # group → host → how many

    def with_neighbours(self, request: Request, ask: Ask) -> Ask:
        """Return the ask with where the others are now."""
        hints, group = request.hints, request.group
        if group is None and not hints:
            return ask
        wish = None if group is None else GroupWish(policy=request.group_policy, members=+self._members[group])
        same = self._hosts_of(hints["same_host"]) if hints.get("same_host") else None
        different = self._hosts_of(hints.get("different_host") or ())
        return replace(ask, group=wish, same_hosts=same, different_hosts=different)

    def come(self, request: Request, host: str) -> None:
        """Remember where a server is."""
        self._host_of[request.id] = host
        if request.group is not None:
            self._members[request.group][host] += 1

    def leave(self, request: Request) -> None:
        """Forget a server."""
        host = self._host_of.pop(request.id)
        if request.group is not None:
            self._members[request.group][host] -= 1

    def _hosts_of(self, named: str | Sequence[str]) -> frozenset[str]:
        servers = [named] if isinstance(named, str) else named
        return frozenset(self._host_of[server] for server in servers if server in self._host_of)
