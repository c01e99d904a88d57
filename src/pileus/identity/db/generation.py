"""The generation of identity's rows: a number that moves with every write, in the write's own transaction.

What a process has read at a generation holds for as long as the number stands still, whoever writes and wherever.
"""

from __future__ import annotations

from sqlalchemy import bindparam, select, update

from pileus.identity.db.tables import generation
from pileus.kit.db import Transaction

_READ = select(generation.c.number).where(generation.c.id == bindparam("one"))
_MOVE = update(generation).where(generation.c.id == bindparam("one")).values(number=generation.c.number + 1)
_ONE = {"one": 1}


def read(tx: Transaction) -> int:
    """Return the generation; read it first, so that what is read after it is at least as new."""
    return int(tx.scalar(_READ, _ONE))


def move(tx: Transaction) -> None:
    """Begin a new generation. It is the last thing before COMMIT: the row is locked no longer than that takes."""
    tx.execute(_MOVE, _ONE)
