"""What was heard of the hosts lately."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import datetime

from pileus.compute.messages import Heartbeat, Resources


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


class Heard:
    """The last heartbeat of each host that this process got. Lost at a restart; the next ones come within seconds.

    Where several processes share a bus, each heartbeat comes to one of them, which is the one that judges it.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._last: dict[str, Heartbeat] = {}
        self._unjudged: dict[str, Report] = {}
        self._unwritten: dict[str, Report] = {}

    def remember(self, beat: Heartbeat, now: datetime) -> News:
        """Keep a heartbeat; return what is new in it."""
        with self._guard:
            last = self._last.get(beat.host)
            self._last[beat.host] = beat
            self._unjudged[beat.host] = report = Report(beat, now)
            news = _news(last, beat)
            if not news.of_resources:
                self._unwritten[beat.host] = report
        return news

    def forget(self, host: str) -> None:
        """Let the next heartbeat of a host be news."""
        with self._guard:
            self._last.pop(host, None)

    def take_unwritten(self) -> list[Report]:
        """Return what has no news of resources and was not returned before: nobody has written it down yet."""
        with self._guard:
            reports, self._unwritten = list(self._unwritten.values()), {}
        return reports

    def take(self) -> list[Report]:
        """Return what was not returned before, so that each heartbeat is judged once and never when it is old."""
        with self._guard:
            reports, self._unjudged = list(self._unjudged.values()), {}
        return reports


def _news(last: Heartbeat | None, beat: Heartbeat) -> News:
    if last is None:
        return News(of_resources=True, of_guests=True)
    return News(
        of_resources=_offered(last.resources) != _offered(beat.resources),
        of_guests=set(last.guests) != set(beat.guests),
    )


def _offered(resources: Resources) -> Resources:
    """Return what placement is told of a host, and what it measures: all but what changes at every moment."""
    return replace(resources, disk_available_gb=0, metrics=dict.fromkeys(resources.metrics, 0.0))
