"""Time that passes only when told."""

from __future__ import annotations

from datetime import datetime, timedelta

START = datetime(2026, 1, 1, 12, 0, 0)


class HeldClock:
    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return (self.time - START).total_seconds()

    def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
