"""No server waits for something that nobody does: a task without a workflow is ended."""

from __future__ import annotations

from datetime import datetime, timedelta

from pileus.compute.db import server
from pileus.compute.model.server import Server, TaskState, VmState
from pileus.kit import log
from pileus.kit.clock import Clock
from pileus.kit.db import Database, Transaction
from pileus.kit.workflow import WorkflowStore

logger = log.get_logger("pileus.compute.stuck")

GRACE = timedelta(minutes=2)


def end_stuck_tasks(database: Database, store: WorkflowStore, clock: Clock) -> int:
    """Free servers whose task has no workflow; return how many. There should never be one."""
    return database.write(_end, store, clock)


def _end(tx: Transaction, store: WorkflowStore, clock: Clock) -> int:
    now = clock.now()
    ended = 0
    for row in server.list_in_states(tx, task_states=tuple(TaskState), before=now - GRACE):
        if not store.is_busy(tx, row.id):
            logger.error("a task that nobody does is ended", server=row.id, task=row.task_state)
            _free(tx, row, now)
            ended += 1
    return ended


def _free(tx: Transaction, row: Server, now: datetime) -> None:
    if row.vm_state == VmState.BUILDING:
        server.add_fault(tx, row.id, 500, "The server was not built to its end.", "", now)
        server.set_state(tx, row.id, vm_state=VmState.ERROR, task_state=None, now=now)
    else:
        server.set_state(tx, row.id, task_state=None, now=now)
