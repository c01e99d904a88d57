"""What was heard of the hosts lately."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pileus.compute.messages import Heartbeat, Resources

LONGEST_UNCHECKED = timedelta(minutes=5)
"""How long a row may say what another process heard, or heard later, of a host that tells us nothing new."""


@dataclass(frozen=True, slots=True)
class Report:
    """A heartbeat, and when it came."""

    beat: Heartbeat
    came_at: datetime


@dataclass(frozen=True, slots=True)
class News:
    """What a heartbeat says that the last one did not."""

    of_resources: bool
    of_guests: bool
    is_due: bool  # to be written whole: there are new resources, or nobody has compared the row for long


class Heard:
    """The last heartbeat of each host that this process got. Lost at a restart; the next ones come within seconds.

    Where several processes share a bus, each heartbeat comes to one of them, which is the one that judges it.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._last: dict[str, Heartbeat] = {}
        self._unjudged: dict[str, Report] = {}
        self._unwritten: dict[str, Report] = {}
        self._checked_at: dict[str, datetime] = {}  # when a host's row was last written whole

    def remember(self, beat: Heartbeat, now: datetime) -> News:
        """Keep a heartbeat; return what is new in it."""
        with self._guard:
            last = self._last.get(beat.host)
            self._last[beat.host] = beat
            self._unjudged[beat.host] = report = Report(beat, now)
            news = _news(last, beat, now - self._checked_at.get(beat.host, now))
            if news.is_due:
                self._checked_at[beat.host] = now
                self._unwritten.pop(beat.host, None)  # what is older would undo what is written now
            else:
                self._unwritten[beat.host] = report
        return news

    def forget(self, host: str) -> None:
        """Let the next heartbeat of a host be news."""
        with self._guard:
            self._last.pop(host, None)

    def take_unwritten(self) -> list[Report]:
        """Return what was not due and was not returned before: nobody has written it down yet."""
        with self._guard:
            reports, self._unwritten = list(self._unwritten.values()), {}
        return reports

    def put_back(self, reports: Sequence[Report]) -> None:
        """Have these be unwritten still, but for those of hosts of which there is later word."""
        with self._guard:
            for report in reports:
                checked_at = self._checked_at.get(report.beat.host)
                if checked_at is None or checked_at < report.came_at:
                    self._unwritten.setdefault(report.beat.host, report)

    def take(self) -> list[Report]:
        """Return what was not returned before, so that each heartbeat is judged once and never when it is old."""
        with self._guard:
            reports, self._unjudged = list(self._unjudged.values()), {}
        return reports


def _news(last: Heartbeat | None, beat: Heartbeat, unchecked: timedelta) -> News:
    if last is None:
        return News(of_resources=True, of_guests=True, is_due=True)
    of_resources = last.resources != beat.resources and _offered(last.resources) != _offered(beat.resources)
    return News(
        of_resources=of_resources,
        of_guests=set(last.guests) != set(beat.guests),
        is_due=of_resources or unchecked >= LONGEST_UNCHECKED,
    )


def _offered(resources: Resources) -> Resources:
    """Return what placement is told of a host, and what it measures: all but what changes at every moment."""
    return replace(resources, disk_available_gb=0, metrics=dict.fromkeys(resources.metrics, 0.0))
