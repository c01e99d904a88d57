"""Traits: the standard ones from code, the custom ones from rows, and which provider has which."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import lru_cache

from sqlalchemy import bindparam, delete, insert, select

from pileus.kit.db import Transaction
from pileus.placement.db.tables import resource_provider_trait as pt
from pileus.placement.db.tables import trait as t
from pileus.placement.model.provider import Provider

_FIND = select(t).where(t.c.name == bindparam("which"))
_FIND_LOCKED = _FIND.with_for_update()
_FIND_MANY = select(t.c.name).where(t.c.name.in_(bindparam("which", expanding=True)))
_HOLD_MANY = _FIND_MANY.order_by(t.c.name).with_for_update(read=True)
_OF = select(pt.c.trait).where(pt.c.provider_id == bindparam("which")).order_by(pt.c.trait)
_A_USER = select(pt.c.provider_id).where(pt.c.trait == bindparam("which")).limit(1)
_ASSOCIATED = select(pt.c.trait).distinct()


@lru_cache(maxsize=1)
def standard() -> frozenset[str]:
    """Return OpenStack's own traits."""
    import os_traits

    return frozenset(os_traits.get_traits())


def exists(tx: Transaction, name: str) -> bool:
    """Tell whether there is such a trait."""
    return name in standard() or tx.first(_FIND, {"which": name}) is not None


def find_time(tx: Transaction, name: str) -> datetime | None:
    """Return when a custom trait was made; a standard one has always been there."""
    row = tx.first(_FIND, {"which": name})
    return None if row is None else row.created_at


def list_unknown(tx: Transaction, names: Iterable[str], *, holding: bool = False) -> Sequence[str]:
    """Return those names that are no traits; with `holding` the others stay until this transaction ends."""
    custom = [name for name in names if name not in standard()]
    known: Collection[str] = ()
    if custom:
        known = {row.name for row in tx.all(_HOLD_MANY if holding else _FIND_MANY, {"which": custom})}
    return [name for name in custom if name not in known]


def list_custom(tx: Transaction) -> Sequence[tuple[str, datetime]]:
    """Return the custom traits by name, and since when they exist."""
    return [(row.name, row.created_at) for row in tx.all(select(t).order_by(t.c.name))]


def list_associated(tx: Transaction) -> frozenset[str]:
    """Return the traits that some provider has."""
    return frozenset(row.trait for row in tx.all(_ASSOCIATED))


def is_in_use(tx: Transaction, name: str) -> bool:
    """Tell whether some provider has a trait."""
    return tx.first(_A_USER, {"which": name}) is not None


def add(tx: Transaction, name: str, now: datetime) -> None:
    """Write a new custom trait."""
    tx.execute(insert(t), {"name": name, "created_at": now})


def lock(tx: Transaction, name: str) -> bool:
    """Keep everybody from using a custom trait until this transaction ends; tell whether it exists."""
    return tx.first(_FIND_LOCKED, {"which": name}) is not None


def remove(tx: Transaction, name: str) -> None:
    """Delete a custom trait."""
    tx.execute(delete(t).where(t.c.name == name))


# --- which provider has which -------------------------------------------------------------------------


def list_of(tx: Transaction, provider: Provider) -> Sequence[str]:
    """Return a provider's traits."""
    return [row.trait for row in tx.all(_OF, {"which": provider.id})]


def give(tx: Transaction, provider: Provider, names: Iterable[str]) -> None:
    """Let a provider have more traits."""
    rows = [{"provider_id": provider.id, "trait": name} for name in sorted(names)]
    if rows:
        tx.execute(insert(pt), rows)


def take(tx: Transaction, provider: Provider, names: Iterable[str]) -> None:
    """Let a provider have fewer traits."""
    tx.execute(delete(pt).where(pt.c.provider_id == provider.id, pt.c.trait.in_(list(names))))
