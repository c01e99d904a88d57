"""The log of changes: which providers every write touched, appended in the write's own transaction.

An index in memory follows the log, and so sees what other processes committed. The log is never empty: it begins with a
row of no provider.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, func, insert, or_, select

from pileus.kit.db import Transaction
from pileus.placement.db.tables import change as c

TRIMMED_AT_ONCE = 5000
MANY_GAPS = 500

_SINCE = select(c.c.id, c.c.provider_id).where(c.c.id >= bindparam("last")).order_by(c.c.id)
_SINCE_AND = (
    select(c.c.id, c.c.provider_id)
    .where(or_(c.c.id >= bindparam("last"), c.c.id.in_(bindparam("gaps", expanding=True))))
    .order_by(c.c.id)
)
_NEWEST_ROWS = select(c.c.id).order_by(c.c.id.desc()).limit(bindparam("count"))

_ADD = insert(c).inline()  # nobody asks for the new keys
_LAST_OLD = select(func.max(c.c.id)).where(c.c.created_at < bindparam("before"))
_OLD = select(c.c.id).where(c.c.id < bindparam("last")).order_by(c.c.id).limit(TRIMMED_AT_ONCE)
_REMOVE = delete(c).where(c.c.id.in_(bindparam("which", expanding=True)))


def add(tx: Transaction, provider_ids: Iterable[int], now: datetime) -> None:
    """Append that providers changed: what they have, what of it is used, what they are like or where they hang.

    It is written at the transaction's end, so that little time passes between the taking of an id and COMMIT.
    """
    for provider_id in provider_ids:
        tx.at_end(_write, (provider_id, now))


def list_since(tx: Transaction, last: int, gaps: Collection[int]) -> Sequence[tuple[int, int]]:
    """Return (id, provider's id) from row `last` on, and of those ids before that were missing, in order of ids."""
    if len(gaps) > MANY_GAPS:  # a cluster that leaves out ids on purpose: reading what lies between costs less
        rows = tx.all(_SINCE, {"last": min(gaps)})
        return [(row.id, row.provider_id) for row in rows if row.id >= last or row.id in gaps]
    rows = tx.all(_SINCE_AND, {"last": last, "gaps": list(gaps)}) if gaps else tx.all(_SINCE, {"last": last})
    return [(row.id, row.provider_id) for row in rows]


def list_newest(tx: Transaction, count: int) -> Sequence[int]:
    """Return the ids of the newest rows, in order."""
    return [row.id for row in tx.all(_NEWEST_ROWS, {"count": count})][::-1]


def trim(tx: Transaction, before: datetime) -> int:
    """Delete rows that are older, some at a time; return how many.

    The last of them stays: so there always is a row, and an id that is missing behind it is seen to be missing. Nothing
    behind it goes, so whoever misses the row where he was knows that he is late.
    """
    last = tx.scalar(_LAST_OLD, {"before": before})
    old = [row.id for row in tx.all(_OLD, {"last": last})] if last is not None else []
    return tx.changed(_REMOVE, {"which": old}) if old else 0


def _write(tx: Transaction, noted: Sequence[tuple[int, datetime]]) -> None:
    rows = [{"provider_id": provider_id, "created_at": now} for provider_id, now in sorted(dict(noted).items())]
    tx.execute(_ADD, rows)
