"""Time, as one value that a test can hold still."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Where everything that needs the time gets it."""

    def now(self) -> datetime:
        """Return the time of day: naive, in UTC, as the databases store it."""

    def monotonic(self) -> float:
        """Return seconds that never go backwards, for durations."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the time of day: naive, in UTC."""
        return datetime.now(UTC).replace(tzinfo=None)

    def monotonic(self) -> float:
        """Return seconds that never go backwards."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


def parse_moment(text: str) -> datetime:
    """Return the naive UTC time that a document holds; one that names no zone is in UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    try:
        return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
    except OverflowError as error:  # at the ends of the calendar
        raise ValueError(str(error)) from None


def isoformat(moment: datetime) -> str:
    """Render a naive UTC time as most OpenStack documents do: `2026-01-31T12:00:00Z`."""
    return moment.isoformat(timespec="seconds") + "Z"


def isoformat_micro(moment: datetime) -> str:
    """Render a naive UTC time with microseconds: `2026-01-31T12:00:00.000000Z`."""
    return moment.isoformat(timespec="microseconds") + "Z"
