"""Workflows that ended long ago are forgotten: nobody can ask for them, and every request for a server leaves one."""

from __future__ import annotations

from datetime import timedelta

from pileus.kit.clock import Clock
from pileus.kit.db import Database
from pileus.kit.workflow import WorkflowStore

KEPT = timedelta(days=30)  # for whoever looks into what went wrong


def forget_ended(database: Database, store: WorkflowStore, clock: Clock) -> int:
    """Forget old workflows; return how many."""
    return database.write(store.purge, clock.now() - KEPT)
