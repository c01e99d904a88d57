"""The log of changes is kept for an hour: an index that is further behind is loaded anew."""

from __future__ import annotations

from datetime import timedelta

from pileus.kit.clock import Clock
from pileus.kit.db import Database
from pileus.placement.db import change as changes

KEPT = timedelta(hours=1)


def forget_old(database: Database, clock: Clock) -> None:
    """Trim the log, in steps that keep no writer waiting for long. Any number of processes may do so."""
    before = clock.now() - KEPT
    while database.write(changes.trim, before):
        pass
