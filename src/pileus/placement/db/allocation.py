"""Allocations as rows, and what they add up to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, delete, func, insert, select

from pileus.kit.db import Row, Transaction
from pileus.placement.db.tables import allocation as a
from pileus.placement.db.tables import consumer as c
from pileus.placement.db.tables import resource_provider as p
from pileus.placement.model.allocation import Allocation, Claim
from pileus.placement.model.consumer import Consumer
from pileus.placement.model.provider import Provider

_ALL = (
    select(
        c.c.uuid.label("consumer_uuid"),
        c.c.generation.label("consumer_generation"),
        p.c.uuid.label("provider_uuid"),
        p.c.generation.label("provider_generation"),
        a.c.resource_class,
        a.c.used,
        a.c.updated_at,
    )
    .select_from(a.join(c, c.c.id == a.c.consumer_id).join(p, p.c.id == a.c.provider_id))
    .order_by(a.c.provider_id, a.c.consumer_id, a.c.resource_class)
)
_OF_CONSUMERS = _ALL.where(a.c.consumer_id.in_(bindparam("which", expanding=True)))
_OF_PROVIDER = _ALL.where(a.c.provider_id == bindparam("which"))
_REMOVE = delete(a).where(a.c.consumer_id.in_(bindparam("which", expanding=True)))
_ANY_OF_PROVIDER = select(a.c.consumer_id).where(a.c.provider_id == bindparam("which")).limit(1)


def list_of_consumers(tx: Transaction, consumers: Iterable[Consumer]) -> Sequence[Allocation]:
    """Return what consumers hold."""
    which = [consumer.id for consumer in consumers]
    return [_from_row(row) for row in tx.all(_OF_CONSUMERS, {"which": which})] if which else []


def list_rows_of_consumer(tx: Transaction, consumer: Consumer) -> Sequence[Row]:
    """Return what a consumer holds, with the generations of the providers."""
    return tx.all(_OF_CONSUMERS, {"which": [consumer.id]})


def list_rows_of_provider(tx: Transaction, provider: Provider) -> Sequence[Row]:
    """Return who holds something of a provider, with the generations of the consumers."""
    return tx.all(_OF_PROVIDER, {"which": provider.id})


def used_by_owner(tx: Transaction, project_id: str, user_id: str | None) -> Sequence[tuple[str | None, str, int]]:
    """Return how much a project, or one user in it, holds everywhere: (consumer type, resource class, amount)."""
    query = select(c.c.type, a.c.resource_class, func.sum(a.c.used).label("used"))
    query = query.join(c, c.c.id == a.c.consumer_id).group_by(c.c.type, a.c.resource_class)
    return [(row.type, row.resource_class, int(row.used)) for row in tx.all(_owned(query, project_id, user_id))]


def count_consumers_of_owner(tx: Transaction, project_id: str, user_id: str | None) -> Mapping[str | None, int]:
    """Return how many consumers a project, or one user in it, has: consumer type → number."""
    query = select(c.c.type, func.count().label("number")).group_by(c.c.type)
    return {row.type: row.number for row in tx.all(_owned(query, project_id, user_id))}


def _owned(query: Select[Any], project_id: str, user_id: str | None) -> Select[Any]:
    query = query.where(c.c.project_id == project_id)
    return query if user_id is None else query.where(c.c.user_id == user_id)


def is_provider_in_use(tx: Transaction, provider: Provider) -> bool:
    """Tell whether anything of a provider is taken."""
    return tx.first(_ANY_OF_PROVIDER, {"which": provider.id}) is not None


def remove_of_consumers(tx: Transaction, consumers: Iterable[Consumer]) -> None:
    """Delete all that consumers hold."""
    tx.execute(_REMOVE, {"which": [consumer.id for consumer in consumers]})


def add(
    tx: Transaction,
    claims: Iterable[Claim],
    consumers: Mapping[str, Consumer],
    providers: Mapping[str, Provider],
    now: datetime,
) -> None:
    """Write what claims ask for."""
    rows = [
        {
            "consumer_id": consumers[claim.consumer_uuid].id,
            "provider_id": providers[provider_uuid].id,
            "resource_class": resource_class,
            "used": amount,
            "updated_at": now,
        }
        for claim in claims
        for (provider_uuid, resource_class), amount in claim.amounts()
    ]
    if rows:
        tx.execute(insert(a), rows)


def _from_row(row: Row) -> Allocation:
    return Allocation(
        consumer_uuid=row.consumer_uuid,
        provider_uuid=row.provider_uuid,
        resource_class=row.resource_class,
        used=row.used,
        modified_at=row.updated_at,
    )
