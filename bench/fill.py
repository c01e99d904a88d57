"""Writing many rows into either side's tables; over HTTP the originals would take half an hour."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Table, create_engine, insert, text

Rows = Iterable[Mapping[str, Any]]
BATCH = 5000


@contextlib.contextmanager
def filling(url: str) -> Iterator[Connection]:
    """Give a transaction on a database, which is committed at the end of the block."""
    engine = create_engine(url)
    with engine.begin() as connection:
        yield connection
        _analyze(connection)
    engine.dispose()


def insert_rows(connection: Connection, table: Table, rows: Rows) -> None:
    """Insert rows, many at a time."""
    statement, batch = insert(table), []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            connection.execute(statement, batch)
            batch = []
    if batch:
        connection.execute(statement, batch)


def _analyze(connection: Connection) -> None:
    """Let MariaDB count, as it would have by itself while the rows came one by one; SQLite never does."""
    if connection.dialect.name != "sqlite":
        for name in [row[0] for row in connection.execute(text("SHOW TABLES"))]:
            connection.execute(text(f"ANALYZE TABLE `{name}`")).all()
