"""What an audit looks at, and the rows that it puts right. Sums are the database's work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import and_, bindparam, func, or_, select, update

from pileus.kit.db import Transaction
from pileus.placement.db.tables import allocation as a
from pileus.placement.db.tables import consumer as c
from pileus.placement.db.tables import inventory as i
from pileus.placement.db.tables import resource_provider as p
from pileus.placement.db.tables import resource_provider_trait as pt
from pileus.placement.model.audit import Held, Holder, IdleConsumer, Place, StockCount, UnstockedAllocation
from pileus.placement.model.provider import Provider

HOST = "COMPUTE_NODE"
"""The trait that compute gives to the providers that are its hosts."""

CHUNK = 5000  # parameters of one statement; databases allow 32,766 and up

_root = p.alias("root")
_ON_HOSTS = (
    select(p.c.id)
    .join(_root, _root.c.uuid == p.c.root_uuid)
    .join(pt, and_(pt.c.provider_id == _root.c.id, pt.c.trait == HOST))
    .subquery()
)
_HOLDERS = (
    select(
        c.c.uuid,
        c.c.type,
        c.c.generation,
        func.count(_ON_HOSTS.c.id).label("on_hosts"),
        func.max(a.c.updated_at).label("modified_at"),
    )
    .select_from(a.join(c, c.c.id == a.c.consumer_id).outerjoin(_ON_HOSTS, _ON_HOSTS.c.id == a.c.provider_id))
    .group_by(c.c.id, c.c.uuid, c.c.type, c.c.generation)
    .order_by(c.c.id)
)
_HELD = (
    select(c.c.uuid.label("consumer_uuid"), p.c.uuid, p.c.name, a.c.resource_class, a.c.used)
    .select_from(a.join(c, c.c.id == a.c.consumer_id).join(p, p.c.id == a.c.provider_id))
    .where(c.c.uuid.in_(bindparam("which", expanding=True)))
    .order_by(c.c.id, p.c.id, a.c.resource_class)
)
_SUMS = (
    select(a.c.provider_id, a.c.resource_class, func.sum(a.c.used).label("held"))
    .group_by(a.c.provider_id, a.c.resource_class)
    .subquery()
)
_SUM = func.coalesce(_SUMS.c.held, 0)
_CAPACITY = (i.c.total - i.c.reserved) * i.c.allocation_ratio
_ODD_STOCK = (
    select(p.c.uuid, p.c.name, i.c.resource_class, i.c.used, _CAPACITY.label("capacity"), _SUM.label("held"))
    .select_from(
        i.join(p, p.c.id == i.c.provider_id).outerjoin(
            _SUMS, and_(_SUMS.c.provider_id == i.c.provider_id, _SUMS.c.resource_class == i.c.resource_class)
        )
    )
    .where(or_(i.c.used != _SUM, _SUM > _CAPACITY))
    .order_by(p.c.id, i.c.resource_class)
)
_UNSTOCKED = (
    select(c.c.uuid.label("consumer_uuid"), p.c.uuid, p.c.name, a.c.resource_class, a.c.used)
    .select_from(
        a.join(c, c.c.id == a.c.consumer_id)
        .join(p, p.c.id == a.c.provider_id)
        .outerjoin(i, and_(i.c.provider_id == a.c.provider_id, i.c.resource_class == a.c.resource_class))
    )
    .where(i.c.provider_id.is_(None))
    .order_by(p.c.id, c.c.id, a.c.resource_class)
)
_IDLE = (
    select(c.c.uuid)
    .where(~select(a.c.consumer_id).where(a.c.consumer_id == c.c.id).exists())
    .order_by(c.c.id)
)  # fmt: skip
_PLACES = (
    select(p.c.uuid, p.c.name, p.c.root_uuid, p.c.parent_uuid)
    .where(or_(p.c.parent_uuid.is_not(None), p.c.root_uuid != p.c.uuid))
    .order_by(p.c.id)
)
_ONE = and_(i.c.provider_id == bindparam("provider"), i.c.resource_class == bindparam("class"))
_LOCK_STOCK = select(i.c.used).where(_ONE).with_for_update()
_SUM_OF = select(func.coalesce(func.sum(a.c.used), 0)).where(
    a.c.provider_id == bindparam("provider"), a.c.resource_class == bindparam("class")
)
_SET_USED = update(i).where(_ONE).values(used=bindparam("held"))
_SET_ROOT = update(p).where(p.c.id == bindparam("which")).values(root_uuid=bindparam("root"))


def list_holders(tx: Transaction) -> Sequence[Holder]:
    """Return every consumer with allocations."""
    return [
        Holder(
            uuid=row.uuid,
            type=row.type,
            generation=row.generation,
            is_on_host=row.on_hosts > 0,
            modified_at=row.modified_at,
        )
        for row in tx.all(_HOLDERS)
    ]


def held_by(tx: Transaction, consumer_uuids: Sequence[str]) -> Mapping[str, Sequence[Held]]:
    """Return what consumers hold, by consumer."""
    held: defaultdict[str, list[Held]] = defaultdict(list)
    for start in range(0, len(consumer_uuids), CHUNK):
        for row in tx.all(_HELD, {"which": consumer_uuids[start : start + CHUNK]}):
            held[row.consumer_uuid].append(
                Held(provider_uuid=row.uuid, provider_name=row.name, resource_class=row.resource_class, used=row.used)
            )
    return held


def list_odd_stock(tx: Transaction) -> Sequence[StockCount]:
    """Return the inventories that count wrong, and those of which more is held than there is."""
    return [
        StockCount(
            provider_uuid=row.uuid,
            provider_name=row.name,
            resource_class=row.resource_class,
            capacity=row.capacity,
            used=row.used,
            held=int(row.held),
        )
        for row in tx.all(_ODD_STOCK)
    ]


def list_unstocked(tx: Transaction) -> Sequence[UnstockedAllocation]:
    """Return the allocations of what a provider has no inventory of."""
    return [
        UnstockedAllocation(
            consumer_uuid=row.consumer_uuid,
            provider_uuid=row.uuid,
            provider_name=row.name,
            resource_class=row.resource_class,
            held=row.used,
        )
        for row in tx.all(_UNSTOCKED)
    ]


def list_idle(tx: Transaction) -> Sequence[IdleConsumer]:
    """Return the consumers that hold nothing."""
    return [IdleConsumer(consumer_uuid=row.uuid) for row in tx.all(_IDLE)]


def list_places(tx: Transaction) -> Sequence[Place]:
    """Return where every provider hangs that is not simply its own root."""
    return [
        Place(uuid=row.uuid, name=row.name, root_uuid=row.root_uuid, parent_uuid=row.parent_uuid)
        for row in tx.all(_PLACES)
    ]


def recount(tx: Transaction, provider: Provider, resource_class: str) -> bool:
    """Count anew what is used of an inventory; tell whether it was wrong.

    The row is locked before its allocations are added up: whoever changes them changes the row too, and what they
    committed before they let go of it is in the sum.
    """
    which = {"provider": provider.id, "class": resource_class}
    row = tx.first(_LOCK_STOCK, which)
    held = int(tx.scalar(_SUM_OF, which))
    if row is None or row.used == held:
        return False
    tx.execute(_SET_USED, {**which, "held": held})
    return True


def set_root(tx: Transaction, provider: Provider, root_uuid: str) -> None:
    """Write down which tree a provider is part of."""
    tx.execute(_SET_ROOT, {"which": provider.id, "root": root_uuid})
