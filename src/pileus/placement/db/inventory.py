"""Inventories as rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, insert, literal, select, update

from pileus.kit.db import Row, Transaction
from pileus.placement.db import change as changes
from pileus.placement.db.resource_class import sort_key
from pileus.placement.db.tables import inventory as i
from pileus.placement.db.tables import resource_provider as p
from pileus.placement.model.errors import ProviderNotFound
from pileus.placement.model.inventory import Inventory
from pileus.placement.model.provider import Provider

_FIELDS = ("total", "reserved", "min_unit", "max_unit", "step_size", "allocation_ratio")

_OF = select(i).where(i.c.provider_id == bindparam("which"))
_OF_MANY = select(i).where(i.c.provider_id.in_(bindparam("which", expanding=True)))
_WITH_GENERATION = (
    select(p.c.generation, i).outerjoin_from(p, i, i.c.provider_id == p.c.id).where(p.c.uuid == bindparam("which"))
)
_REMOVE = delete(i).where(
    i.c.provider_id == bindparam("which"), i.c.resource_class.in_(bindparam("classes", expanding=True))
)
_UPDATE = (
    update(i)
    .where(i.c.provider_id == bindparam("which"), i.c.resource_class == bindparam("class"))
    .values({name: bindparam(f"new_{name}") for name in (*_FIELDS, "updated_at")})
)
_USE = (
    update(i)
    .where(i.c.provider_id == bindparam("which"), i.c.resource_class == bindparam("class"))
    .values(used=i.c.used + bindparam("more"))
)
_A_USER_OF_CLASS = select(i.c.provider_id).where(i.c.resource_class == bindparam("class")).limit(1)


def list_of(tx: Transaction, provider: Provider) -> Sequence[Inventory]:
    """Return what a provider has: standard classes in their order, then custom ones by name."""
    return [from_row(row) for row in _in_order(tx.all(_OF, {"which": provider.id}))]


def find(tx: Transaction, provider: Provider, resource_class: str) -> Inventory | None:
    """Return a provider's inventory of a class."""
    return next((one for one in list_of(tx, provider) if one.resource_class == resource_class), None)


def list_rows_of_many(tx: Transaction, provider_ids: Iterable[int]) -> Sequence[Row]:
    """Return what providers have and how much of it is used."""
    return tx.all(_OF_MANY, {"which": list(provider_ids)})


def used_of(tx: Transaction, provider: Provider) -> Mapping[str, int]:
    """Return how much of all that a provider has is used: class → amount, in the order of `list_of`."""
    return {row.resource_class: row.used for row in _in_order(tx.all(_OF, {"which": provider.id}))}


def list_with_generation(tx: Transaction, provider_uuid: str) -> tuple[int, Sequence[Inventory]]:
    """Return a provider's generation and what it has, as `list_of`; both of one moment. Raises ProviderNotFound."""
    generation, rows = _rows_with_generation(tx, provider_uuid)
    return generation, [from_row(row) for row in rows]


def used_with_generation(tx: Transaction, provider_uuid: str) -> tuple[int, Mapping[str, int]]:
    """Return a provider's generation and what is used, as `used_of`; both of one moment. Raises ProviderNotFound."""
    generation, rows = _rows_with_generation(tx, provider_uuid)
    return generation, {row.resource_class: row.used for row in rows}


def add(tx: Transaction, provider: Provider, inventories: Sequence[Inventory], now: datetime) -> None:
    """Write new inventories of a provider."""
    if inventories:
        new = {"provider_id": provider.id, "used": 0, "updated_at": now}
        values = [{**new, "resource_class": one.resource_class, **_values(one)} for one in inventories]
        tx.execute(insert(i), values)


def change(tx: Transaction, provider: Provider, inventories: Sequence[Inventory], now: datetime) -> None:
    """Write inventories over those of the same classes."""
    for one in inventories:
        new = {f"new_{name}": value for name, value in _values(one).items()}
        tx.execute(_UPDATE, {"which": provider.id, "class": one.resource_class, "new_updated_at": now, **new})


def use(tx: Transaction, more: Mapping[tuple[int, str], int], now: datetime) -> None:
    """Count what is given out of inventories of locked providers, or is returned: (provider's id, class) → amount."""
    if more:
        tx.execute(_USE, [{"which": which, "class": name, "more": amount} for (which, name), amount in more.items()])
        changes.add(tx, [which for which, _ in more], now)


def remove(tx: Transaction, provider: Provider, resource_classes: Iterable[str]) -> None:
    """Delete a provider's inventories of some classes."""
    tx.execute(_REMOVE, {"which": provider.id, "classes": list(resource_classes)})


def is_class_in_use(tx: Transaction, resource_class: str) -> bool:
    """Tell whether any provider has an inventory of a class."""
    return tx.first(_A_USER_OF_CLASS, {"class": resource_class}) is not None


def has_left(resource_class: str, amount: int) -> ColumnElement[bool]:
    """Return the condition that an inventory is of a class and has so much left, given out in whatever portions."""
    capacity = (i.c.total - i.c.reserved) * i.c.allocation_ratio
    return and_(i.c.resource_class == resource_class, i.c.max_unit >= amount, capacity >= i.c.used + amount)


def can_give(resource_class: str, amount: int) -> ColumnElement[bool]:
    """Return the condition that an inventory is of a class and can give so much at a time."""
    is_allowed = and_(i.c.min_unit <= amount, literal(amount) % i.c.step_size == 0)
    return and_(has_left(resource_class, amount), is_allowed)


def from_row(row: Row) -> Inventory:
    """Return a row of the table as an inventory."""
    return Inventory(
        resource_class=row.resource_class,
        total=row.total,
        reserved=row.reserved,
        min_unit=row.min_unit,
        max_unit=row.max_unit,
        step_size=row.step_size,
        allocation_ratio=row.allocation_ratio,
        modified_at=row.updated_at,
    )


def _rows_with_generation(tx: Transaction, provider_uuid: str) -> tuple[int, Sequence[Row]]:
    rows = tx.all(_WITH_GENERATION, {"which": provider_uuid})
    if not rows:
        raise ProviderNotFound(provider=provider_uuid)
    return rows[0].generation, _in_order([row for row in rows if row.resource_class is not None])


def _in_order(rows: Sequence[Row]) -> Sequence[Row]:
    return sorted(rows, key=lambda row: sort_key(row.resource_class))


def _values(one: Inventory) -> dict[str, Any]:
    return {name: getattr(one, name) for name in _FIELDS}
