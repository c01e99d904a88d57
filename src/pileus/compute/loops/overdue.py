"""What an owner has not said in time is taken as said: resizes are confirmed, shelved and deleted servers make room."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from pileus.compute.backend import Backend
from pileus.compute.db import server as rows
from pileus.compute.db import server_migration
from pileus.compute.model.server import Server, VmState
from pileus.compute.model.server_migration import MigrationStatus
from pileus.compute.operations import move, shelve
from pileus.compute.operations import server as servers
from pileus.compute.operations.task import Asker
from pileus.kit import ids, log
from pileus.kit.db import Transaction
from pileus.kit.errors import Conflict, Invalid, NotFound

Verb = Callable[[Transaction, Backend, Server, Asker], None]

logger = log.get_logger("pileus.compute.overdue")


def do_overdue(backend: Backend) -> int:
    """Begin what is overdue by the settings; return how much that is."""
    with backend.database.read() as tx:
        found = list(_found(tx, backend))
    return sum(_is_begun(backend, server_id, verb) for server_id, verb in found)


def _found(tx: Transaction, backend: Backend) -> Iterator[tuple[str, Verb]]:
    settings, now = backend.settings, backend.clock.now()
    if settings.resize_confirm_after_s > 0:
        before = now - timedelta(seconds=settings.resize_confirm_after_s)
        for migration in server_migration.list_waiting(tx, (MigrationStatus.FINISHED,), before):
            yield migration.server_id, move.confirm
    if settings.shelved_offload_after_s > 0:
        before = now - timedelta(seconds=settings.shelved_offload_after_s)
        for server in rows.list_in_states(tx, vm_states=(VmState.SHELVED,)):
            if server.shelved_at is not None and server.shelved_at < before:
                yield server.id, shelve.offload
    before = now - timedelta(seconds=settings.reclaim_deleted_after_s)
    for server in rows.list_in_states(tx, vm_states=(VmState.SOFT_DELETED,), before=before):
        yield server.id, servers.delete


def _is_begun(backend: Backend, server_id: str, verb: Verb) -> bool:
    try:
        backend.database.write(_begin, backend, server_id, verb)
    except (Conflict, Invalid, NotFound) as error:  # somebody does something with it just now
        logger.info("what is overdue has to wait", server=server_id, reason=error.reason)
        return False
    return True


def _begin(tx: Transaction, backend: Backend, server_id: str, verb: Verb) -> None:
    server = rows.get(tx, server_id)
    asker = Asker(
        user_id=server.user_id, project_id=server.project_id, request_id=ids.new_request_id(), may_pass_lock=True
    )
    verb(tx, backend, server, asker)
