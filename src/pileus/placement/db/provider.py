"""Resource providers as rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, delete, insert, select, update

from pileus.kit.db import Row, Transaction
from pileus.placement.db import change as changes
from pileus.placement.db import inventory as inventories
from pileus.placement.db.tables import inventory as i
from pileus.placement.db.tables import resource_provider as p
from pileus.placement.db.tables import resource_provider_aggregate as pa
from pileus.placement.db.tables import resource_provider_trait as pt
from pileus.placement.model.errors import ProviderChanged, ProviderNotFound
from pileus.placement.model.provider import Provider
from pileus.placement.model.request_group import AggregateWish, ProviderQuery, TraitWish

COLUMNS = (p.c.id, p.c.uuid, p.c.name, p.c.generation, p.c.root_uuid, p.c.parent_uuid, p.c.updated_at)

_FIND = select(*COLUMNS).where(p.c.uuid == bindparam("which"))
_FIND_LOCKED = _FIND.with_for_update()
_MANY = select(*COLUMNS).where(p.c.uuid.in_(bindparam("which", expanding=True))).order_by(p.c.id)
_LOCKED = select(*COLUMNS).where(p.c.id.in_(bindparam("which", expanding=True))).order_by(p.c.id).with_for_update()
_WITH_CLASS = select(i.c.provider_id).where(i.c.resource_class == bindparam("class"))
_TREES = select(*COLUMNS).where(p.c.root_uuid.in_(bindparam("roots", expanding=True))).order_by(p.c.id)
_TREES_LOCKED = _TREES.with_for_update()
_BY_NAME = select(p.c.uuid).where(p.c.name == bindparam("which"))
_A_CHILD = select(p.c.id).where(p.c.parent_uuid == bindparam("which")).limit(1)
_BUMP = (
    update(p)
    .where(p.c.id == bindparam("which"), p.c.generation == bindparam("seen"))
    .values(generation=p.c.generation + 1, updated_at=bindparam("now"))
)


def get(tx: Transaction, uuid: str) -> Provider:
    """Return a provider. Raises ProviderNotFound."""
    return _require(tx.first(_FIND, {"which": uuid}), uuid)


def lock(tx: Transaction, uuid: str) -> Provider:
    """Return a provider that nobody else changes until this transaction ends. Raises ProviderNotFound."""
    return _require(tx.first(_FIND_LOCKED, {"which": uuid}), uuid)


def find_locked(tx: Transaction, uuid: str) -> Provider | None:
    """Return a provider that nobody else changes until this transaction ends, if there is one."""
    row = tx.first(_FIND_LOCKED, {"which": uuid})
    return None if row is None else from_row(row)


def list_many(tx: Transaction, uuids: Iterable[str]) -> Sequence[Provider]:
    """Return those of the providers that exist."""
    return [from_row(row) for row in tx.all(_MANY, {"which": list(uuids)})]


def list_matching(tx: Transaction, query: ProviderQuery) -> Sequence[Provider]:
    """Return the providers that a query asks for, oldest first."""
    statement = select(*COLUMNS).order_by(p.c.id)
    if query.name is not None:
        statement = statement.where(p.c.name == query.name)
    if query.uuid is not None:
        statement = statement.where(p.c.uuid == query.uuid)
    if query.in_tree is not None:
        root = select(p.c.root_uuid).where(p.c.uuid == query.in_tree)
        statement = statement.where(p.c.root_uuid.in_(root))
    for name, amount in query.resources.items():
        able = select(i.c.provider_id).where(inventories.can_give(name, amount))
        statement = statement.where(p.c.id.in_(able))
    statement = _with_aggregates(_with_traits(statement, query.traits), query.aggregates)
    return [from_row(row) for row in tx.all(statement)]


def _with_traits(statement: Select[Any], wish: TraitWish) -> Select[Any]:
    for any_of in wish.required:
        statement = statement.where(p.c.id.in_(select(pt.c.provider_id).where(pt.c.trait.in_(sorted(any_of)))))
    if wish.forbidden:
        broken = select(pt.c.provider_id).where(pt.c.trait.in_(sorted(wish.forbidden)))
        statement = statement.where(p.c.id.not_in(broken))
    return statement


def _with_aggregates(statement: Select[Any], wish: AggregateWish) -> Select[Any]:
    for any_of in wish.required:
        members = select(pa.c.provider_id).where(pa.c.aggregate_uuid.in_(sorted(any_of)))
        statement = statement.where(p.c.id.in_(members))
    if wish.forbidden:
        broken = select(pa.c.provider_id).where(pa.c.aggregate_uuid.in_(sorted(wish.forbidden)))
        statement = statement.where(p.c.id.not_in(broken))
    return statement


def lock_many(tx: Transaction, uuids: Iterable[str]) -> dict[str, Provider]:
    """Return those of the providers that exist, by uuid, locked."""
    which = list(uuids)
    if len(which) > 1:
        return _lock(tx, [row.id for row in tx.all(_MANY, {"which": which})])
    found = [find_locked(tx, uuid) for uuid in which]  # of one alone there is no order to keep
    return {provider.uuid: provider for provider in found if provider is not None}


def lock_with_class(tx: Transaction, resource_class: str) -> dict[str, Provider]:
    """Return the providers that have an inventory of a class, by uuid, locked."""
    return _lock(tx, [row.provider_id for row in tx.all(_WITH_CLASS, {"class": resource_class})])


def list_trees(tx: Transaction, root_uuids: Iterable[str]) -> Sequence[Provider]:
    """Return all providers of some trees."""
    return [from_row(row) for row in tx.all(_TREES, {"roots": list(root_uuids)})]


def lock_trees(tx: Transaction, root_uuids: Iterable[str]) -> dict[str, Provider]:
    """Return all providers of some trees, by uuid, locked."""
    return {row.uuid: from_row(row) for row in tx.all(_TREES_LOCKED, {"roots": list(root_uuids)})}


def find_uuid_of_name(tx: Transaction, name: str) -> str | None:
    """Return who has a name."""
    uuid = tx.scalar(_BY_NAME, {"which": name})
    return None if uuid is None else str(uuid)


def has_children(tx: Transaction, uuid: str) -> bool:
    """Tell whether a provider is somebody's parent."""
    return tx.first(_A_CHILD, {"which": uuid}) is not None


def add(tx: Transaction, *, uuid: str, name: str, root_uuid: str, parent_uuid: str | None, now: datetime) -> Provider:
    """Write a new provider."""
    row = {"uuid": uuid, "name": name, "generation": 0, "root_uuid": root_uuid, "parent_uuid": parent_uuid}
    tx.execute(insert(p), {**row, "created_at": now, "updated_at": now})
    added = get(tx, uuid)
    changes.add(tx, [added.id], now)
    return added


def rename(tx: Transaction, provider: Provider, name: str, now: datetime) -> None:
    """Give a provider another name."""
    tx.execute(update(p).where(p.c.id == provider.id).values(name=name, updated_at=now))
    changes.add(tx, [provider.id], now)


def move(
    tx: Transaction,
    provider: Provider,
    below: Iterable[Provider],
    *,
    parent_uuid: str | None,
    root_uuid: str,
    now: datetime,
) -> None:
    """Hang a provider, with everything `below` it, under another parent."""
    tx.execute(update(p).where(p.c.id == provider.id).values(parent_uuid=parent_uuid, updated_at=now))
    moved = [provider.id, *(one.id for one in below)]
    tx.execute(update(p).where(p.c.id.in_(moved)).values(root_uuid=root_uuid))
    changes.add(tx, moved, now)


def bump_generation(tx: Transaction, provider: Provider, now: datetime) -> int:
    """Count a change of a provider; return its new generation. Raises ProviderChanged if somebody else was faster."""
    if not tx.changed(_BUMP, {"which": provider.id, "seen": provider.generation, "now": now}):
        raise ProviderChanged(provider=provider.uuid)
    changes.add(tx, [provider.id], now)
    return provider.generation + 1


def remove(tx: Transaction, provider: Provider, now: datetime) -> None:
    """Delete a provider with its inventories, traits and aggregates."""
    tx.execute(delete(p).where(p.c.id == provider.id))
    changes.add(tx, [provider.id], now)


def from_row(row: Row) -> Provider:
    """Return a row of COLUMNS as a provider."""
    return Provider(
        id=row.id,
        uuid=row.uuid,
        name=row.name,
        generation=row.generation,
        root_uuid=row.root_uuid,
        parent_uuid=row.parent_uuid,
        modified_at=row.updated_at,
    )


def _lock(tx: Transaction, ids: Sequence[int]) -> dict[str, Provider]:
    """Lock in the order of ids, always, so that no two wait for each other; MariaDB locks in the order of the key."""
    return {row.uuid: from_row(row) for row in tx.all(_LOCKED, {"which": ids})} if ids else {}


def _require(row: Row | None, uuid: str) -> Provider:
    if row is None:
        raise ProviderNotFound(provider=uuid)
    return from_row(row)
