"""An INSERT that does nothing if the row is there already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Insert, Table
from sqlalchemy.dialects import mysql, postgresql, sqlite

from pileus.kit.db.transaction import Transaction


def insert_if_absent(tx: Transaction, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert `row` unless a unique key of it is taken; tell whether it was inserted.

    Waits for another transaction that is about to insert the same key, so that afterwards the row is there.
    """
    return bool(tx.changed(_statement(tx.dialect, table), row))


def _statement(dialect: str, table: Table) -> Insert:
    # Inline, so that the new key is not asked back, which would hide how many rows there were.
    return _dialect_statement(dialect, table).inline().execution_options(preserve_rowcount=True)


def _dialect_statement(dialect: str, table: Table) -> Insert:
    if dialect == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing()
    if dialect == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return mysql.insert(table).prefix_with("IGNORE")
