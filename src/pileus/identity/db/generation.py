"""The generation of identity's rows: a number that moves with every write, in the write's own transaction.

What a process has read at a generation holds for as long as the number stands still, whoever writes and wherever.
"""

from __future__ import annotations

from sqlalchemy import bindparam, update

from pileus.identity.db.tables import generation
from pileus.kit.db import Database, Transaction

_GLANCE = f"SELECT {generation.c.number.name} FROM {generation.name} WHERE id = 1"  # noqa: S608 (names of our own)
_MOVE = update(generation).where(generation.c.id == bindparam("one")).values(number=generation.c.number + 1)
_ONE = {"one": 1}


def glance(database: Database) -> int:
    """Return the generation; do it first, so that what is read after it is at least as new."""
    return int(database.glance(_GLANCE))


def move(tx: Transaction) -> None:
    """Begin a new generation. It is the last thing before COMMIT: the row is locked no longer than that takes."""
    tx.execute(_MOVE, _ONE)
