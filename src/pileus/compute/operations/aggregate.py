"""Making, changing and removing aggregates of hosts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pileus.compute.db import aggregate as rows
from pileus.compute.db import server as servers
from pileus.compute.db import service as services
from pileus.compute.model.aggregate import ZONE_KEY, Aggregate
from pileus.compute.model.error.aggregate import (
    AggregateChangeRefused,
    AggregateHostExists,
    AggregateHostNotFound,
    AggregateHostRefused,
    AggregateInUse,
    AggregateNameExists,
)
from pileus.compute.model.error.host import ComputeHostNotFound
from pileus.compute.model.host import COMPUTE_BINARY
from pileus.compute.model.news import NounNews
from pileus.kit.db import Transaction


def create(tx: Transaction, name: str, zone: str | None, now: datetime) -> Aggregate:
    """Make an aggregate; with a zone, its hosts will be in it. Raises AggregateNameExists."""
    if not rows.add(tx, name, {} if zone is None else {ZONE_KEY: zone}, now):
        raise AggregateNameExists(name=name)
    made = rows.find_by_name(tx, name)
    assert made is not None
    return _told(tx, made, "create", name=name, **({} if zone is None else {"meta_data": dict(made.metadata)}))


def _told(tx: Transaction, aggregate: Aggregate, verb: str, **more: Any) -> Aggregate:
    """Return an aggregate that is as it shall be, and note that it is."""
    tx.note(NounNews(noun=aggregate, verb=verb, more=more))
    return aggregate


def update(tx: Transaction, number: int, name: str | None, zone: Mapping[str, str | None], now: datetime) -> Aggregate:
    """Give an aggregate another name or, as the one item of `zone`, another zone.

    Raises AggregateNotFound, AggregateNameExists, AggregateChangeRefused.
    """
    aggregate = rows.get(tx, number)
    if name is not None and name != aggregate.name:
        if rows.find_by_name(tx, name) is not None:
            raise AggregateNameExists(name=name)
        rows.rename(tx, aggregate, name, now)
    if zone:
        _require_zone_possible(tx, aggregate, zone, "update")
        rows.change_metadata(tx, aggregate, zone)
    return _told(tx, rows.get(tx, number), "update_prop", **({} if name is None else {"name": name}))


def set_metadata(tx: Transaction, number: int, changes: Mapping[str, str | None]) -> Aggregate:
    """Change metadata items; None removes one. Raises AggregateNotFound, AggregateChangeRefused."""
    aggregate = rows.get(tx, number)
    _require_zone_possible(tx, aggregate, changes, "update metadata of")
    rows.change_metadata(tx, aggregate, changes)
    return _told(tx, rows.get(tx, number), "update_metadata", meta_data=dict(changes))


def _require_zone_possible(
    tx: Transaction, aggregate: Aggregate, changes: Mapping[str, str | None], action: str
) -> None:
    """Raise AggregateChangeRefused if a host would be in two zones, or servers would be in another than before."""
    if ZONE_KEY not in changes or changes[ZONE_KEY] == aggregate.zone:
        return
    for host in aggregate.hosts:
        others = [zone for zone in rows.zones_of_host(tx, host, without=aggregate) if zone != changes[ZONE_KEY]]
        if others:
            reason = f"One or more hosts already in availability zone(s) {others}"
        elif servers.list_by_host(tx, host):
            reason = "One or more hosts contain instances in this zone"
        else:
            continue
        raise AggregateChangeRefused(action=action, aggregate_id=aggregate.number, reason=reason)


def add_host(tx: Transaction, number: int, host: str) -> Aggregate:
    """Put a host in. Raises AggregateNotFound, ComputeHostNotFound, AggregateHostExists, AggregateHostRefused."""
    if not services.list_all(tx, host=host, binary=COMPUTE_BINARY):
        raise ComputeHostNotFound(host=host)
    aggregate = rows.get(tx, number)
    if aggregate.zone is not None:
        zones = rows.zones_of_host(tx, host, without=aggregate)
        if any(zone != aggregate.zone for zone in zones):
            reason = f"One or more hosts already in availability zone(s) {zones}"
            raise AggregateHostRefused(action="add host to", aggregate_id=number, reason=reason)
        _require_empty_to_move(tx, host, "add host to", number, None if not zones else zones[0], aggregate.zone)
    if not rows.add_host(tx, aggregate, host):
        raise AggregateHostExists(aggregate_id=number, host=host)
    return _told(tx, rows.get(tx, number), "add_host", host_name=host, name=aggregate.name)


def remove_host(tx: Transaction, number: int, host: str) -> Aggregate:
    """Take a host out. Raises AggregateNotFound, AggregateHostNotFound, AggregateHostRefused."""
    aggregate = rows.get(tx, number)
    if host in aggregate.hosts and aggregate.zone is not None:
        left = rows.zones_of_host(tx, host, without=aggregate)
        _require_empty_to_move(tx, host, "remove host from", number, aggregate.zone, left[0] if left else None)
    if not rows.remove_host(tx, aggregate, host):
        raise AggregateHostNotFound(aggregate_id=number, host=host)
    return _told(tx, rows.get(tx, number), "remove_host", host_name=host)


def _require_empty_to_move(
    tx: Transaction, host: str, action: str, number: int, old: str | None, new: str | None
) -> None:
    """Raise AggregateHostRefused if a host would change its zone under its servers."""
    count = len(servers.list_by_host(tx, host))
    if count and old != new:
        reason = (
            f"the availability zone of the host would change from '{old}' to '{new}', but the host has {count} "
            "instance(s), which stay in theirs. Move them away first"
        )
        raise AggregateHostRefused(action=action, aggregate_id=number, reason=reason)


def delete(tx: Transaction, number: int) -> None:
    """Remove an empty aggregate. Raises AggregateNotFound, AggregateInUse."""
    aggregate = rows.get(tx, number)
    if aggregate.hosts:
        raise AggregateInUse(aggregate_id=number)
    rows.delete(tx, _told(tx, aggregate, "delete"))
