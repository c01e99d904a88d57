"""Leases: which copy of a process does a thing that only one may do at a time.

A holder's name is stable over restarts, so that a copy that comes back has its own leases at once; those of a copy that
is gone run out.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Column, MetaData, String, Table, and_, bindparam, or_

from pileus.kit.clock import Clock
from pileus.kit.db import Database, Transaction
from pileus.kit.db.types import MARIADB, Moment, Name


def lease_table(metadata: MetaData) -> Table:
    """Return the table that a service adds to its catalogue."""
    return Table(
        "lease",
        metadata,
        Column("name", String(64), primary_key=True),
        Column("owner", Name, nullable=False),
        Column("expires_at", Moment, nullable=False),
        **MARIADB,
    )


class Leases:
    """The leases of one database, as seen by one owner."""

    def __init__(self, database: Database, table: Table, owner: str, clock: Clock) -> None:
        self.owner = owner
        self._database = database
        self._table = table
        self._clock = clock
        mine_or_over = or_(table.c.owner == bindparam("me"), table.c.expires_at < bindparam("now"))
        self._renew = (
            table.update()
            .where(and_(table.c.name == bindparam("which"), mine_or_over))
            .values(owner=bindparam("me"), expires_at=bindparam("until"))
        )

    def take(self, name: str, seconds: float) -> bool:
        """Take or renew a lease; tell whether we hold it now."""
        now = self._clock.now()
        return self._database.write(self._take, name, now, now + timedelta(seconds=seconds))

    def release(self, name: str) -> None:
        """Give a lease back, if we hold it, so that others need not wait until it runs out."""
        mine = and_(self._table.c.name == name, self._table.c.owner == self.owner)
        self._database.write(lambda tx: tx.execute(self._table.delete().where(mine)))

    def _take(self, tx: Transaction, name: str, now: datetime, until: datetime) -> bool:
        if tx.changed(self._renew, {"which": name, "me": self.owner, "now": now, "until": until}):
            return True
        if tx.first(self._table.select().where(self._table.c.name == name)) is not None:
            return False
        tx.execute(self._table.insert(), {"name": name, "owner": self.owner, "expires_at": until})
        return True
