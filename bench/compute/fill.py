"""Many servers in either side's tables: copies of one that was booted, because booting them would take hours."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, MetaData, Table, select

from bench.compute.sides import Originals, Pileus
from bench.fill import filling, insert_rows

FIRST = datetime(2026, 1, 1)
# Which columns name the server; what else is there about one is copied as it is.
OURS = {"server": "id"}
THEIRS = {
    "instances": "uuid",
    "instance_extra": "instance_uuid",
    "instance_info_caches": "instance_uuid",
    "instance_system_metadata": "instance_uuid",
}
THEIR_MAP = {"instance_mappings": "instance_uuid"}
OF_NO_HOST = {"host": None, "node": None}  # so that no loop of ours asks a host after what it never had


def copy_ours(cloud: Pileus, server_id: str, count: int) -> None:
    """Copy one of Pileus' servers."""
    with filling(cloud.database) as connection:
        _copy(connection, OURS, server_id, _new_ids(count), OF_NO_HOST)


def copy_theirs(cloud: Originals, server_id: str, count: int) -> None:
    """Copy one of the original's servers."""
    new = _new_ids(count)
    for database, tables in (("nova", THEIRS), ("nova_api", THEIR_MAP)):
        with filling(cloud.database(database)) as connection:
            _copy(connection, tables, server_id, new, {})


def _new_ids(count: int) -> list[str]:
    return [str(uuid.uuid5(uuid.NAMESPACE_OID, str(number))) for number in range(count)]


def _copy(
    connection: Connection, tables: Mapping[str, str], server_id: str, new: Sequence[str], instead: Mapping[str, Any]
) -> None:
    known = MetaData()
    known.reflect(connection, only=list(tables))
    for name, column in tables.items():
        table = known.tables[name]
        rows = _rows(connection, table, column, server_id)
        own = {each: value for each, value in instead.items() if each in table.c}
        copies = (
            {**row, column: new_id, **own, "created_at": FIRST + timedelta(seconds=number)}
            for number, new_id in enumerate(new)
            for row in rows
        )
        insert_rows(connection, table, copies)


def _rows(connection: Connection, table: Table, column: str, server_id: str) -> list[dict[str, Any]]:
    """Return what a table says of a server, without the numbers that the database gives."""
    numbers = {each.name for each in table.primary_key if each.name != column}
    found = connection.execute(select(table).where(table.c[column] == server_id)).mappings().all()
    return [{name: value for name, value in row.items() if name not in numbers} for row in found]
