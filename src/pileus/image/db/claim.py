"""Which stores have marked a place as their own."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from pileus.image.db import tables
from pileus.kit.db import Transaction
from pileus.kit.db.insert import insert_if_absent

_t = tables.claimed_store
_FIND = select(_t.c.store).where(_t.c.store == bindparam("of_store"))


def insert(tx: Transaction, store: str) -> None:
    """Write down that a store has marked its place; somebody may have done so already."""
    insert_if_absent(tx, _t, {"store": store})


def is_there(tx: Transaction, store: str) -> bool:
    """Tell whether a store has marked its place."""
    return tx.first(_FIND, {"of_store": store}) is not None
