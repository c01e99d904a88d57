"""Migrations of servers in the database."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, func, select

from pileus.compute.db.tables import MIGRATION
from pileus.compute.model.error.migration import MigrationNotFound
from pileus.compute.model.error.server import MarkerNotFound
from pileus.compute.model.server_migration import IN_PROGRESS, Migration
from pileus.kit.db import Row, Transaction

_M = MIGRATION.c
_COLUMNS = tuple(field.name for field in fields(Migration))
_GET = select(MIGRATION).where(_M.uuid == bindparam("which"))
_BY_SERVER = select(MIGRATION).where(_M.server_id == bindparam("which")).order_by(_M.number.desc())
_CHANGED = func.coalesce(_M.updated_at, _M.created_at)


def add(tx: Transaction, migration: Migration) -> None:
    """Write that a server is to be moved."""
    tx.execute(MIGRATION.insert(), {name: getattr(migration, name) for name in _COLUMNS if name != "number"})


def update(
    tx: Transaction, uuid: str, now: datetime, *, only_from: Collection[str] | None = None, **values: Any
) -> bool:
    """Set columns: status, dest_host, dest_node, and how far it is; tell whether there was such a migration.

    With `only_from`, one of another status stays as it is.
    """
    statement = MIGRATION.update().where(_M.uuid == uuid)
    if only_from is not None:
        statement = statement.where(_M.status.in_(only_from))
    return bool(tx.changed(statement.values(updated_at=now, **values)))


def get(tx: Transaction, uuid: str) -> Migration:
    """Return a migration. Raises MigrationNotFound."""
    row = tx.first(_GET, {"which": uuid})
    if row is None:
        raise MigrationNotFound(migration_id=uuid)
    return _migration(row)


def find_of(tx: Transaction, server_id: str, number: int) -> Migration | None:
    """Return one migration of a server by its number."""
    row = tx.first(select(MIGRATION).where(_M.server_id == server_id, _M.number == number))
    return None if row is None else _migration(row)


def list_by_server(tx: Transaction, server_id: str) -> Sequence[Migration]:
    """Return a server's migrations, the last first."""
    return [_migration(row) for row in tx.all(_BY_SERVER, {"which": server_id})]


def list_in_progress(tx: Transaction, server_id: str, *types: str) -> Sequence[Migration]:
    """Return a server's migrations of these types (none: all) that are not over, the last first."""
    found = list_by_server(tx, server_id)
    return [one for one in found if one.is_in_progress and (not types or one.type in types)]


def list_waiting(tx: Transaction, statuses: Collection[str], before: datetime) -> Sequence[Migration]:
    """Return the migrations that have been in one of these statuses since before a time."""
    query = select(MIGRATION).where(_M.status.in_(statuses), before > _CHANGED).order_by(_M.number)
    return [_migration(row) for row in tx.all(query)]


def is_any_in_progress(tx: Transaction, host: str) -> bool:
    """Tell whether a server is on its way to or from a host."""
    at_host = (_M.source_host == host) | (_M.dest_host == host)
    return tx.first(select(_M.number).where(at_host, _M.status.in_(IN_PROGRESS)).limit(1)) is not None


def list_all(
    tx: Transaction,
    *,
    host: str | None = None,
    changed_since: datetime | None = None,
    changed_before: datetime | None = None,
    marker: str | None = None,
    limit: int | None = None,
    **values: Any,
) -> Sequence[Migration]:
    """Return migrations with these values, the last first; `host` is either end. Raises MarkerNotFound."""
    query = select(MIGRATION).order_by(_M.number.desc())
    for name, value in values.items():
        query = query.where(MIGRATION.c[name] == value)
    if host is not None:
        query = query.where((_M.source_host == host) | (_M.dest_host == host))
    if changed_since is not None:
        query = query.where(changed_since <= _CHANGED)
    if changed_before is not None:
        query = query.where(changed_before >= _CHANGED)
    if marker is not None:
        query = query.where(_M.number < _number_of(tx, marker))
    return [_migration(row) for row in tx.all(_limited(query, limit))]


def _limited(query: Select[Any], limit: int | None) -> Select[Any]:
    return query if limit is None else query.limit(limit)


def _number_of(tx: Transaction, uuid: str) -> int:
    row = tx.first(_GET, {"which": uuid})
    if row is None:
        raise MarkerNotFound(marker=uuid)
    return int(row.number)


def _migration(row: Row) -> Migration:
    return Migration(**{name: getattr(row, name) for name in _COLUMNS})
