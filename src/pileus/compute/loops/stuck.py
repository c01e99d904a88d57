"""No server waits for something that nobody does: a task without a workflow is ended, and so is a move."""

from __future__ import annotations

from datetime import datetime, timedelta

from pileus.compute.db import server, server_migration
from pileus.compute.model.error.server import InstanceNotFound
from pileus.compute.model.server import Server, TaskState, VmState
from pileus.compute.model.server_migration import IN_PROGRESS, Migration, MigrationStatus
from pileus.kit import log
from pileus.kit.clock import Clock
from pileus.kit.db import Database, Transaction
from pileus.kit.workflow import WorkflowStore

logger = log.get_logger("pileus.compute.stuck")

GRACE = timedelta(minutes=2)


def end_stuck(database: Database, store: WorkflowStore, clock: Clock) -> int:
    """Free servers whose task has no workflow, and end moves that have none; return how many."""
    return end_stuck_tasks(database, store, clock) + end_stuck_moves(database, store, clock)


def end_stuck_tasks(database: Database, store: WorkflowStore, clock: Clock) -> int:
    """Free servers whose task has no workflow; return how many. There should never be one."""
    return database.write(_end, store, clock)


def _end(tx: Transaction, store: WorkflowStore, clock: Clock) -> int:
    now = clock.now()
    ended = 0
    for row in server.list_in_states(tx, task_states=tuple(TaskState), before=now - GRACE):
        if not store.is_busy(tx, row.id) and _free(tx, row, now):
            logger.error("a task that nobody does is ended", server=row.id, task=row.task_state)
            ended += 1
    return ended


def _free(tx: Transaction, row: Server, now: datetime) -> bool:
    """End a server's task, unless it has come to an end since it was looked at; tell whether it was ended here."""
    vm_state = VmState.ERROR if row.vm_state == VmState.BUILDING else row.vm_state
    seen_at = row.updated_at or row.created_at
    is_freed = server.set_state(tx, row.id, vm_state=vm_state, task_state=None, now=now, only_since=seen_at)
    if is_freed and vm_state != row.vm_state:
        server.add_fault(tx, row.id, 500, "The server was not built to its end.", "", now)
    return is_freed


def end_stuck_moves(database: Database, store: WorkflowStore, clock: Clock) -> int:
    """End moves that no workflow is at and no owner is asked about; return how many.

    What they hold, other loops give back then: an allocation, and what was set aside.
    """
    return database.write(_end_moves, store, clock)


def _end_moves(tx: Transaction, store: WorkflowStore, clock: Clock) -> int:
    now = clock.now()
    ended = 0
    for move in server_migration.list_waiting(tx, IN_PROGRESS, now - GRACE):
        if not store.is_busy(tx, move.server_id) and not _is_asked_about(tx, move) and _end_move(tx, move, now):
            logger.warning("a move that nobody ends is ended", server=move.server_id, status=move.status)
            ended += 1
    return ended


def _end_move(tx: Transaction, move: Migration, now: datetime) -> bool:
    """End a move, unless it has gone on since it was looked at; tell whether it was ended here."""
    is_there = move.status == MigrationStatus.FINISHED
    status = MigrationStatus.CONFIRMED if is_there else MigrationStatus.ERROR
    if not server_migration.update(tx, move.uuid, now, only_from=(move.status,), status=status):
        return False
    server.update(tx, move.server_id, now, old_flavor=None, old_block_devices=None, old_vm_state=None)
    return True


def _is_asked_about(tx: Transaction, move: Migration) -> bool:
    """Tell whether the owner may still say, now or once the server is mended, whether it shall stay as it is."""
    try:
        row = server.get(tx, move.server_id)
    except InstanceNotFound:
        return False
    return move.status == MigrationStatus.FINISHED and row.vm_state in (VmState.RESIZED, VmState.ERROR)
