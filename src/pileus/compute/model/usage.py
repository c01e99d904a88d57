"""Usage over time: what a project's servers took, by the hour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pileus.compute.model.server import Server


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerUsage:
    """How long one server ran within a period."""

    server: Server
    started_at: datetime
    ended_at: datetime | None
    hours: float

    @property
    def state(self) -> str:
        """The word that usage reports have for a server's state."""
        return "terminated" if self.ended_at is not None else self.server.vm_state


def usage_of(server: Server, start: datetime, end: datetime, now: datetime) -> ServerUsage | None:
    """Return what a server ran between two times; None if it did not run then."""
    launched_at = server.launched_at
    ended_at = server.terminated_at or server.deleted_at
    if launched_at is None or launched_at > end or (ended_at is not None and ended_at < start):
        return None
    last = min(ended_at or end, end)
    length = max(last - max(launched_at, start), timedelta(0))
    uptime_end = ended_at if ended_at is not None and ended_at <= now else None
    return ServerUsage(server=server, started_at=launched_at, ended_at=uptime_end, hours=length.total_seconds() / 3600)
