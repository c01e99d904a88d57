"""Aggregates in the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select

from pileus.compute.db import fleet
from pileus.compute.db.batches import batches
from pileus.compute.db.tables import AGGREGATE, AGGREGATE_HOST, AGGREGATE_METADATA
from pileus.compute.model.aggregate import ZONE_KEY, Aggregate
from pileus.compute.model.error.aggregate import AggregateNotFound
from pileus.kit import ids
from pileus.kit.db import Row, Transaction
from pileus.kit.db.insert import insert_if_absent

_A, _H, _M = AGGREGATE.c, AGGREGATE_HOST.c, AGGREGATE_METADATA.c
_ALL = select(AGGREGATE).order_by(_A.number)
_METADATA_BY_HOST = (
    select(_H.host, _M.aggregate_number, _M.key, _M.value)
    .join(AGGREGATE_METADATA, _M.aggregate_number == _H.aggregate_number)
    .order_by(_H.host, _M.aggregate_number)
)


def get(tx: Transaction, number: int) -> Aggregate:
    """Return an aggregate. Raises AggregateNotFound."""
    row = tx.first(select(AGGREGATE).where(_A.number == number))
    if row is None:
        raise AggregateNotFound(aggregate_id=number)
    return _aggregates(tx, [row])[0]


def find_by_name(tx: Transaction, name: str) -> Aggregate | None:
    """Return the aggregate of that name."""
    row = tx.first(select(AGGREGATE).where(_A.name == name))
    return None if row is None else _aggregates(tx, [row])[0]


def list_all(tx: Transaction) -> Sequence[Aggregate]:
    """Return every aggregate, oldest first."""
    return _aggregates(tx, tx.all(_ALL))


def list_without_hosts(tx: Transaction) -> Sequence[Aggregate]:
    """Return every aggregate, oldest first, as if it were empty: hosts may be many, and are not always asked for."""
    return _aggregates(tx, tx.all(_ALL), is_empty=True)


def metadata_by_host(
    tx: Transaction, hosts: Sequence[str] | None = None
) -> Mapping[str, tuple[Mapping[str, str], ...]]:
    """Return the metadata of every aggregate that says anything, by the hosts in it: all, or some."""
    found: defaultdict[str, defaultdict[int, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    queries = (
        [_METADATA_BY_HOST] if hosts is None else [_METADATA_BY_HOST.where(_H.host.in_(b)) for b in batches(hosts)]
    )
    for query in queries:
        for row in tx.all(query):
            found[row.host][row.aggregate_number][row.key] = row.value
    return {host: tuple(by_number.values()) for host, by_number in found.items()}


def add(tx: Transaction, name: str, metadata: Mapping[str, str], now: datetime) -> bool:
    """Write a new aggregate; tell whether its name was free."""
    is_new = insert_if_absent(tx, AGGREGATE, {"uuid": ids.new_uuid(), "name": name, "created_at": now})
    made = find_by_name(tx, name)
    if is_new and made is not None:
        change_metadata(tx, made, metadata)
    return is_new


def rename(tx: Transaction, aggregate: Aggregate, name: str, now: datetime) -> None:
    """Give an aggregate another name."""
    tx.execute(AGGREGATE.update().where(_A.number == aggregate.number).values(name=name, updated_at=now))


def change_metadata(tx: Transaction, aggregate: Aggregate, changes: Mapping[str, str | None]) -> None:
    """Set these metadata items; one whose value is None is removed."""
    for key, value in changes.items():
        tx.execute(AGGREGATE_METADATA.delete().where(_M.aggregate_number == aggregate.number, _M.key == key))
        if value is not None:
            row = {"aggregate_number": aggregate.number, "key": key, "value": value}
            tx.execute(AGGREGATE_METADATA.insert(), row)
    fleet.note_aggregate(tx, aggregate.number)


def add_host(tx: Transaction, aggregate: Aggregate, host: str) -> bool:
    """Put a host into an aggregate; tell whether it was not in it."""
    fleet.note_changed(tx, [host])
    return insert_if_absent(tx, AGGREGATE_HOST, {"aggregate_number": aggregate.number, "host": host})


def remove_host(tx: Transaction, aggregate: Aggregate, host: str) -> bool:
    """Take a host out of an aggregate; tell whether it was in it."""
    fleet.note_changed(tx, [host])
    return bool(tx.changed(AGGREGATE_HOST.delete().where(_H.aggregate_number == aggregate.number, _H.host == host)))


def remove_host_everywhere(tx: Transaction, host: str) -> None:
    """Take a host that is forgotten out of every aggregate."""
    fleet.note_changed(tx, [host])
    tx.execute(AGGREGATE_HOST.delete().where(_H.host == host))


def zones_of_host(tx: Transaction, host: str, *, without: Aggregate | None = None) -> Sequence[str]:
    """Return the availability zones that a host's aggregates put it into, one of them left out if asked."""
    query = (
        select(_M.value)
        .join(AGGREGATE_HOST, _H.aggregate_number == _M.aggregate_number)
        .where(_H.host == host, _M.key == ZONE_KEY)
        .distinct()
        .order_by(_M.value)
    )
    if without is not None:
        query = query.where(_H.aggregate_number != without.number)
    return [str(row.value) for row in tx.all(query)]


def delete(tx: Transaction, aggregate: Aggregate) -> None:
    """Remove an aggregate."""
    fleet.note_aggregate(tx, aggregate.number)
    tx.execute(AGGREGATE.delete().where(_A.number == aggregate.number))


def _aggregates(tx: Transaction, rows: Sequence[Row], *, is_empty: bool = False) -> list[Aggregate]:
    numbers = [row.number for row in rows]
    hosts: defaultdict[int, list[str]] = defaultdict(list)
    metadata: defaultdict[int, dict[str, str]] = defaultdict(dict)
    if numbers and not is_empty:
        for host in tx.all(select(AGGREGATE_HOST).where(_H.aggregate_number.in_(numbers)).order_by(_H.host)):
            hosts[host.aggregate_number].append(host.host)
    if numbers:
        for item in tx.all(select(AGGREGATE_METADATA).where(_M.aggregate_number.in_(numbers))):
            metadata[item.aggregate_number][item.key] = item.value
    return [
        Aggregate(
            number=row.number,
            uuid=row.uuid,
            name=row.name,
            created_at=row.created_at,
            updated_at=row.updated_at,
            hosts=tuple(hosts[row.number]),
            metadata=metadata[row.number],
        )
        for row in rows
    ]
