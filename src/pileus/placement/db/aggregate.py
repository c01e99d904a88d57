"""Aggregates: sets of providers that somebody else gave a uuid."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select

from pileus.kit.db import Transaction
from pileus.placement.db import change as changes
from pileus.placement.db.tables import resource_provider_aggregate as a
from pileus.placement.model.provider import Provider

_OF = select(a.c.aggregate_uuid).where(a.c.provider_id == bindparam("which")).order_by(a.c.aggregate_uuid)


def list_of(tx: Transaction, provider: Provider) -> Sequence[str]:
    """Return the aggregates that a provider is a member of."""
    return [row.aggregate_uuid for row in tx.all(_OF, {"which": provider.id})]


def replace(tx: Transaction, provider: Provider, aggregates: Iterable[str], now: datetime) -> None:
    """Make a provider a member of these aggregates and of no other."""
    tx.execute(delete(a).where(a.c.provider_id == provider.id))
    rows = [{"provider_id": provider.id, "aggregate_uuid": uuid} for uuid in aggregates]
    if rows:
        tx.execute(insert(a), rows)
    changes.add(tx, [provider.id], now)
