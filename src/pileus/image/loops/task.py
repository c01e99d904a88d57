"""Tasks whose time is up are removed, and so are workflows that ended long ago: nobody can ask for them."""

from __future__ import annotations

from datetime import timedelta

from pileus.image.operations.task import expire
from pileus.kit.clock import Clock
from pileus.kit.db import Database
from pileus.kit.workflow import WorkflowStore

KEPT = timedelta(days=30)  # for whoever looks into what went wrong


class TaskExpiry:
    """One round: forget what is over."""

    def __init__(self, database: Database, store: WorkflowStore, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._clock = clock

    def round(self) -> None:
        """Do what there is to do."""
        now = self._clock.now()
        self._database.write(expire, now)
        self._database.write(self._store.purge, now - KEPT)
