"""Failed logins, counted at the user so that every process knows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select, update

from pileus.identity.db.tables import user
from pileus.kit.db import Transaction

_READ = select(user.c.failed_auth_count, user.c.failed_auth_at).where(user.c.id == bindparam("which"))
_COUNT = (
    update(user)
    .where(user.c.id == bindparam("which"))
    .values(failed_auth_count=user.c.failed_auth_count + 1, failed_auth_at=bindparam("now"))
)
_FORGET = update(user).where(user.c.id == bindparam("which")).values(failed_auth_count=0, failed_auth_at=None)


@dataclass(frozen=True, slots=True)
class FailedAuth:
    """How often in a row a user's logins failed, and when the last did."""

    count: int
    at: datetime | None


def read(tx: Transaction, user_id: str) -> FailedAuth:
    """Return a user's failed logins since the last good one."""
    row = tx.first(_READ, {"which": user_id})
    return FailedAuth(0, None) if row is None else FailedAuth(row.failed_auth_count, row.failed_auth_at)


def count(tx: Transaction, user_id: str, now: datetime) -> None:
    """Count one more."""
    tx.execute(_COUNT, {"which": user_id, "now": now})


def forget(tx: Transaction, user_id: str) -> None:
    """Begin anew: the user logged in, or somebody who may has let it in again."""
    tx.execute(_FORGET, {"which": user_id})
