"""Making, changing and removing aggregates of hosts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pileus.compute.db import aggregate as rows
from pileus.compute.db import service as services
from pileus.compute.model.aggregate import ZONE_KEY, Aggregate
from pileus.compute.model.errors import (
    AggregateHostExists,
    AggregateHostNotFound,
    AggregateInUse,
    AggregateNameExists,
    ComputeHostNotFound,
)
from pileus.compute.model.host import COMPUTE_BINARY
from pileus.kit.db import Transaction


def create(tx: Transaction, name: str, zone: str | None, now: datetime) -> Aggregate:
    """Make an aggregate; with a zone, its hosts will be in it. Raises AggregateNameExists."""
    if not rows.add(tx, name, {} if zone is None else {ZONE_KEY: zone}, now):
        raise AggregateNameExists(name=name)
    made = rows.find_by_name(tx, name)
    assert made is not None
    return made


def update(tx: Transaction, number: int, name: str | None, zone: str | None, now: datetime) -> Aggregate:
    """Give an aggregate another name or zone. Raises AggregateNotFound, AggregateNameExists."""
    aggregate = rows.get(tx, number)
    if name is not None and name != aggregate.name:
        if rows.find_by_name(tx, name) is not None:
            raise AggregateNameExists(name=name)
        rows.rename(tx, aggregate, name, now)
    if zone is not None:
        rows.change_metadata(tx, aggregate, {ZONE_KEY: zone})
    return rows.get(tx, number)


def set_metadata(tx: Transaction, number: int, changes: Mapping[str, str | None]) -> Aggregate:
    """Change metadata items; None removes one. Raises AggregateNotFound."""
    rows.change_metadata(tx, rows.get(tx, number), changes)
    return rows.get(tx, number)


def add_host(tx: Transaction, number: int, host: str) -> Aggregate:
    """Put a host in. Raises AggregateNotFound, ComputeHostNotFound, AggregateHostExists."""
    aggregate = rows.get(tx, number)
    if not services.list_all(tx, host=host, binary=COMPUTE_BINARY):
        raise ComputeHostNotFound(host=host)
    if not rows.add_host(tx, aggregate, host):
        raise AggregateHostExists(aggregate_id=number, host=host)
    return rows.get(tx, number)


def remove_host(tx: Transaction, number: int, host: str) -> Aggregate:
    """Take a host out. Raises AggregateNotFound, AggregateHostNotFound."""
    if not rows.remove_host(tx, rows.get(tx, number), host):
        raise AggregateHostNotFound(aggregate_id=number, host=host)
    return rows.get(tx, number)


def delete(tx: Transaction, number: int) -> None:
    """Remove an empty aggregate. Raises AggregateNotFound, AggregateInUse."""
    aggregate = rows.get(tx, number)
    if aggregate.hosts:
        raise AggregateInUse(aggregate_id=number)
    rows.delete(tx, aggregate)
