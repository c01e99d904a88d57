"""How many servers each host has, and how many of those keep it busy, followed change by change."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from pileus.compute.db import fleet
from pileus.kit.db import Transaction

LATE_S = 1.0
"""How much later than its time a change may be seen: a transaction's length, and how far clocks are apart."""
LATEST_S, THOROUGH_S = 60.0, 15.0
"""How late one may be that has waited for others, and how often those are looked for too."""
RECOUNT_S = 300.0
"""When all is counted again, so that a change that came later still is not missed for ever."""


class Load:
    """The servers on hosts. Whoever uses it has it for themselves meanwhile."""

    def __init__(self) -> None:
        self._placed: dict[int, tuple[str, int]] = {}  # server's number → its host, 1 if it keeps that busy
        self._seen_at: datetime | None = None  # the newest change that was seen
        self._counted_at: datetime | None = None
        self._thorough_at = datetime.min
        self._of_host: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])

    def follow(self, tx: Transaction, now: datetime) -> dict[str, tuple[int, int]] | None:
        """Return servers and busy servers of the hosts where they changed; None: count all hosts anew."""
        counted_at, self._seen_at = self._counted_at, min(self._seen_at or now, now)
        if counted_at is None or not timedelta() <= now - counted_at < timedelta(seconds=RECOUNT_S):
            self._count_all(tx, now)
            return None
        changed: set[str] = set()
        since = self._seen_at - timedelta(seconds=self._late_s(now))
        for number, host, busy, updated_at in fleet.list_servers(tx, since=since):
            self._seen_at = max(self._seen_at, updated_at)
            changed |= self._move(number, None if host is None else (host, busy))
        return {host: self.of(host) for host in changed}

    def of(self, host: str) -> tuple[int, int]:
        """Return the servers of a host, and those that keep it busy."""
        servers, busy = self._of_host.get(host, (0, 0))
        return servers, busy

    def _late_s(self, now: datetime) -> float:
        """Return how late a change may be that this look finds."""
        if now - self._thorough_at < timedelta(seconds=THOROUGH_S):
            return LATE_S
        self._thorough_at = now
        return LATEST_S

    def _count_all(self, tx: Transaction, now: datetime) -> None:
        self._placed.clear()
        self._of_host.clear()
        for number, host, busy, _ in fleet.list_servers(tx):
            self._move(number, (host, busy))
        self._counted_at = self._seen_at = self._thorough_at = now

    def _move(self, number: int, to: tuple[str, int] | None) -> set[str]:
        """Count a server where it is now; return the hosts whose load that changes."""
        was = self._placed.pop(number, None)
        if to is not None:
            self._placed[number] = to
        if was == to:
            return set()
        for place, sign in ((was, -1), (to, 1)):
            if place is not None:
                counts = self._of_host[place[0]]
                counts[0] += sign
                counts[1] += sign * place[1]
        return {place[0] for place in (was, to) if place is not None}
