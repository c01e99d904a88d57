"""Revoked tokens, remembered for as long as they could be shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, bindparam, or_, select

from pileus.identity.db.tables import revoked_token
from pileus.identity.model.token import Token
from pileus.kit.db import Transaction
from pileus.kit.db.insert import insert_if_absent

_IS_REVOKED = select(revoked_token.c.audit_id).where(
    or_(
        revoked_token.c.audit_id == bindparam("own"),
        and_(revoked_token.c.audit_id == bindparam("first"), revoked_token.c.has_descendants),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """A token that was revoked before it expired."""

    audit_id: str
    has_descendants: bool  # whether the tokens that were got with it are revoked too
    revoked_at: datetime


def add(tx: Transaction, token: Token, now: datetime, *, has_descendants: bool) -> None:
    """Revoke a token, and if wished those that were got with it, which do not outlive it."""
    row = {
        "audit_id": token.audit_ids[0],
        "has_descendants": has_descendants,
        "revoked_at": now,
        "expires_at": token.expires_at,
    }
    insert_if_absent(tx, revoked_token, row)


def is_revoked(tx: Transaction, token: Token) -> bool:
    """Tell whether a token was revoked, or the first of its chain with all that came of it."""
    return tx.first(_IS_REVOKED, {"own": token.audit_ids[0], "first": token.audit_ids[-1]}) is not None


def list_revocations(tx: Transaction, *, since: datetime | None = None) -> Sequence[Revocation]:
    """Return what was revoked, the oldest first; with `since` only what came after."""
    statement = select(revoked_token).order_by(revoked_token.c.revoked_at, revoked_token.c.audit_id)
    if since is not None:
        statement = statement.where(revoked_token.c.revoked_at > since)
    return [
        Revocation(audit_id=row.audit_id, has_descendants=row.has_descendants, revoked_at=row.revoked_at)
        for row in tx.all(statement)
    ]


def purge(tx: Transaction, before: datetime) -> int:
    """Forget what nobody can show any more."""
    return tx.changed(revoked_token.delete().where(revoked_token.c.expires_at < before))
