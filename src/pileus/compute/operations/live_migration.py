"""Live migrations under way: giving them up, and having them come to an end."""

from __future__ import annotations

from pileus.compute.backend import Backend
from pileus.compute.db import action as actions
from pileus.compute.db import server as rows
from pileus.compute.db import server_migration
from pileus.compute.messages import AbortMigration, Accepted, CompleteMigration, address_of
from pileus.compute.model.error.migration import MigrationNotOfServer, MigrationStateInvalid, MigrationUnknown
from pileus.compute.model.error.server import GuestRefused, InstanceInvalidState
from pileus.compute.model.server import Server, TaskState
from pileus.compute.model.server_migration import Migration, MigrationStatus
from pileus.compute.operations.task import Asker, record, require_may_change
from pileus.kit.db import Transaction

_WAITING = (MigrationStatus.ACCEPTED, MigrationStatus.PREPARING)
_GIVEN_UP = (MigrationStatus.RUNNING, MigrationStatus.FAILED)  # as which its workflow may have ended it already


def abort(backend: Backend, server: Server, asker: Asker, number: int, *, may_be_queued: bool) -> None:
    """Give up a live migration that runs or, if `may_be_queued`, one that is only about to.

    Raises InstanceLocked, InstanceInvalidState, MigrationNotOfServer, MigrationStateInvalid, GuestRefused.
    """
    require_may_change(server, asker)
    _require_migrating(server, "abort live migration")
    migration = backend.database.write(_begin_abort, backend, server, asker, number, may_be_queued)
    if migration.status == MigrationStatus.RUNNING:
        _ask(backend, migration, AbortMigration(server_id=server.id))
        backend.database.write(_write_cancelled, backend, migration, _GIVEN_UP)


def _begin_abort(
    tx: Transaction, backend: Backend, server: Server, asker: Asker, number: int, may_be_queued: bool
) -> Migration:
    migration = server_migration.find_of(tx, server.id, number)
    if migration is None:
        raise MigrationNotOfServer(migration_id=number, server_id=server.id)
    allowed = (MigrationStatus.RUNNING, *(_WAITING if may_be_queued else ()))
    _require_status(migration, allowed, "abort live migration")
    now = backend.clock.now()
    record(tx, server, "live_migration_cancel", asker, now)
    actions.finish(tx, server.id, "live_migration_cancel", now)
    if migration.status not in _WAITING:
        return migration
    if not _write_cancelled(tx, backend, migration, _WAITING):
        return server_migration.get(tx, migration.uuid)  # it has begun meanwhile
    backend.work.cancel(tx, server.id)
    return migration


def _write_cancelled(
    tx: Transaction, backend: Backend, migration: Migration, only_from: tuple[MigrationStatus, ...]
) -> bool:
    return server_migration.update(
        tx, migration.uuid, backend.clock.now(), only_from=only_from, status=MigrationStatus.CANCELLED
    )


def force_complete(backend: Backend, server: Server, asker: Asker, number: int) -> None:
    """Have a live migration that runs come to an end.

    Raises InstanceLocked, InstanceInvalidState, MigrationUnknown, MigrationStateInvalid, GuestRefused.
    """
    require_may_change(server, asker)
    _require_migrating(server, "force_complete")
    migration = backend.database.write(_begin_completion, backend, server, asker, number)
    _ask(backend, migration, CompleteMigration(server_id=server.id))


def _begin_completion(tx: Transaction, backend: Backend, server: Server, asker: Asker, number: int) -> Migration:
    migration = server_migration.find_of(tx, server.id, number)
    if migration is None:
        raise MigrationUnknown(migration_id=number, server_id=server.id)
    _require_status(migration, (MigrationStatus.RUNNING,), "force complete")
    now = backend.clock.now()
    record(tx, rows.get(tx, server.id), "live_migration_force_complete", asker, now)
    actions.finish(tx, server.id, "live_migration_force_complete", now)
    return migration


def _require_migrating(server: Server, action: str) -> None:
    if server.task_state != TaskState.MIGRATING:
        raise InstanceInvalidState(
            action=action, server_id=server.id, attribute="task_state", state=str(server.task_state)
        )


def _require_status(migration: Migration, allowed: tuple[MigrationStatus, ...], method: str) -> None:
    if migration.status not in allowed:
        raise MigrationStateInvalid(
            migration_id=migration.number, server_id=migration.server_id, state=migration.status, method=method
        )


def _ask(backend: Backend, migration: Migration, question: object) -> None:
    assert migration.source_host is not None
    timeout_s = backend.settings.console_timeout_s
    answer = backend.bus.ask(address_of(migration.source_host), question, timeout_s=timeout_s)
    if not isinstance(answer, Accepted):
        raise GuestRefused(reason=answer.reason)
