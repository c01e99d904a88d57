"""An INSERT that does nothing if the row is there already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from pileus.kit.db.transaction import Transaction

_DUPLICATE_KEY = (1062, 1586)  # MariaDB's errors


def insert_if_absent(tx: Transaction, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert `row` unless a unique key of it is taken; tell whether it was inserted.

    Waits for another transaction that is about to insert the same key, so that afterwards the row is there. Whatever
    else is wrong with the row is an error as with any INSERT.
    """
    if tx.dialect == "mariadb":
        return _insert_on_mariadb(tx, table, row)
    insert = sqlite.insert(table) if tx.dialect == "sqlite" else postgresql.insert(table)
    # Inline, so that the new key is not asked back, which would hide how many rows there were.
    statement = insert.on_conflict_do_nothing().inline().execution_options(preserve_rowcount=True)
    return bool(tx.changed(statement, row))


def _insert_on_mariadb(tx: Transaction, table: Table, row: Mapping[str, Any]) -> bool:
    """MariaDB's INSERT IGNORE would swallow every other error too, and a taken key ends the statement only."""
    try:
        tx.execute(table.insert().inline(), row)
    except IntegrityError as error:
        arguments: Any = getattr(error.orig, "args", ())
        if arguments and arguments[0] in _DUPLICATE_KEY:
            return False
        raise
    return True
