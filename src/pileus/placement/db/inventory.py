"""Inventories as rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, func, insert, literal, select, update

from pileus.kit.db import Row, Transaction
from pileus.placement.db.resource_class import sort_key
from pileus.placement.db.tables import allocation as a
from pileus.placement.db.tables import inventory as i
from pileus.placement.model.inventory import Inventory
from pileus.placement.model.provider import Provider

_FIELDS = ("total", "reserved", "min_unit", "max_unit", "step_size", "allocation_ratio")

_OF = select(i).where(i.c.provider_id.in_(bindparam("which", expanding=True)))
_REMOVE = delete(i).where(
    i.c.provider_id == bindparam("which"), i.c.resource_class.in_(bindparam("classes", expanding=True))
)
_UPDATE = (
    update(i)
    .where(i.c.provider_id == bindparam("which"), i.c.resource_class == bindparam("class"))
    .values({name: bindparam(f"new_{name}") for name in (*_FIELDS, "updated_at")})
)
_USED = (
    select(func.coalesce(func.sum(a.c.used), 0))
    .where(a.c.provider_id == i.c.provider_id, a.c.resource_class == i.c.resource_class)
    .scalar_subquery()
)
_A_USER_OF_CLASS = select(i.c.provider_id).where(i.c.resource_class == bindparam("class")).limit(1)


def list_of(tx: Transaction, provider: Provider) -> Sequence[Inventory]:
    """Return what a provider has: standard classes in their order, then custom ones by name."""
    return sorted(
        (from_row(row) for row in tx.all(_OF, {"which": [provider.id]})), key=lambda one: sort_key(one.resource_class)
    )


def find(tx: Transaction, provider: Provider, resource_class: str) -> Inventory | None:
    """Return a provider's inventory of a class."""
    return next((one for one in list_of(tx, provider) if one.resource_class == resource_class), None)


def list_of_many(tx: Transaction, provider_ids: Iterable[int]) -> Sequence[tuple[int, Inventory]]:
    """Return what providers have, each with the provider's id."""
    return [(row.provider_id, from_row(row)) for row in tx.all(_OF, {"which": list(provider_ids)})]


def add(tx: Transaction, provider: Provider, inventories: Sequence[Inventory], now: datetime) -> None:
    """Write new inventories of a provider."""
    if inventories:
        rows = [{"provider_id": provider.id, "resource_class": one.resource_class} for one in inventories]
        values = [{**row, **_values(one), "updated_at": now} for row, one in zip(rows, inventories, strict=True)]
        tx.execute(insert(i), values)


def change(tx: Transaction, provider: Provider, inventories: Sequence[Inventory], now: datetime) -> None:
    """Write inventories over those of the same classes."""
    for one in inventories:
        new = {f"new_{name}": value for name, value in _values(one).items()}
        tx.execute(_UPDATE, {"which": provider.id, "class": one.resource_class, "new_updated_at": now, **new})


def remove(tx: Transaction, provider: Provider, resource_classes: Iterable[str]) -> None:
    """Delete a provider's inventories of some classes."""
    tx.execute(_REMOVE, {"which": provider.id, "classes": list(resource_classes)})


def is_class_in_use(tx: Transaction, resource_class: str) -> bool:
    """Tell whether any provider has an inventory of a class."""
    return tx.first(_A_USER_OF_CLASS, {"class": resource_class}) is not None


def has_left(resource_class: str, amount: int) -> ColumnElement[bool]:
    """Return the condition that an inventory is of a class and has so much left, given out in whatever portions."""
    capacity = (i.c.total - i.c.reserved) * i.c.allocation_ratio
    return and_(i.c.resource_class == resource_class, i.c.max_unit >= amount, capacity >= _USED + amount)


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


def _values(one: Inventory) -> dict[str, Any]:
    return {name: getattr(one, name) for name in _FIELDS}
