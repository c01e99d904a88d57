"""Resource classes: the standard ones from code, the custom ones from rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import os_resource_classes
from sqlalchemy import bindparam, delete, insert, select, update

from pileus.kit.db import Transaction
from pileus.placement.db.tables import allocation, inventory
from pileus.placement.db.tables import resource_class as c

STANDARD: Sequence[str] = tuple(os_resource_classes.STANDARDS)
_POSITION = {name: position for position, name in enumerate(STANDARD)}

_FIND = select(c).where(c.c.name == bindparam("which"))
_FIND_LOCKED = _FIND.with_for_update()
_FIND_MANY = select(c.c.name).where(c.c.name.in_(bindparam("which", expanding=True)))
_HOLD_MANY = _FIND_MANY.order_by(c.c.name).with_for_update(read=True)


def is_standard(name: str) -> bool:
    """Tell whether a class is one of OpenStack's own."""
    return name in _POSITION


def sort_key(name: str) -> tuple[int, str]:
    """Order standard classes as their list does, custom ones behind them by name."""
    return _POSITION.get(name, len(_POSITION)), name


def exists(tx: Transaction, name: str) -> bool:
    """Tell whether there is such a class."""
    return is_standard(name) or tx.first(_FIND, {"which": name}) is not None


def find_time(tx: Transaction, name: str) -> datetime | None:
    """Return when a custom class was made; a standard one has always been there."""
    row = tx.first(_FIND, {"which": name})
    return None if row is None else row.created_at


def find_unknown(tx: Transaction, names: Iterable[str], *, holding: bool = False) -> str | None:
    """Return the first of the names that is no class; with `holding` the others stay until this transaction ends."""
    custom = [name for name in names if not is_standard(name)]
    known: Collection[str] = ()
    if custom:
        known = {row.name for row in tx.all(_HOLD_MANY if holding else _FIND_MANY, {"which": custom})}
    return next((name for name in custom if name not in known), None)


def list_custom(tx: Transaction) -> Sequence[tuple[str, datetime]]:
    """Return the custom classes by name, and since when they exist."""
    return [(row.name, row.created_at) for row in tx.all(select(c).order_by(c.c.created_at, c.c.name))]


def add(tx: Transaction, name: str, now: datetime) -> None:
    """Write a new custom class."""
    tx.execute(insert(c), {"name": name, "created_at": now})


def lock(tx: Transaction, name: str) -> bool:
    """Keep everybody from using a custom class until this transaction ends; tell whether it exists."""
    return tx.first(_FIND_LOCKED, {"which": name}) is not None


def rename(tx: Transaction, name: str, new_name: str) -> None:
    """Give a custom class another name, wherever it is used. The providers that have it are locked, and changed."""
    tx.execute(update(c).where(c.c.name == name).values(name=new_name))
    tx.execute(update(inventory).where(inventory.c.resource_class == name).values(resource_class=new_name))
    tx.execute(update(allocation).where(allocation.c.resource_class == name).values(resource_class=new_name))


def remove(tx: Transaction, name: str) -> None:
    """Delete a custom class."""
    tx.execute(delete(c).where(c.c.name == name))
