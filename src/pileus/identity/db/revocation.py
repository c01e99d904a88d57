"""Revoked tokens, remembered for as long as they would have lived."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, select

from pileus.identity.db.tables import revoked_token
from pileus.kit.db import Transaction

_IS_REVOKED = select(revoked_token.c.audit_id).where(revoked_token.c.audit_id.in_(bindparam("which", expanding=True)))


def add(tx: Transaction, audit_id: str, expires_at: datetime) -> None:
    """Revoke a token, or with the first audit id of a chain every token that came of it."""
    if not is_revoked(tx, (audit_id,)):
        tx.execute(revoked_token.insert(), {"audit_id": audit_id, "expires_at": expires_at})


def is_revoked(tx: Transaction, audit_ids: tuple[str, ...]) -> bool:
    """Tell whether a token, or the one it came of, was revoked."""
    return tx.first(_IS_REVOKED, {"which": list(audit_ids)}) is not None


def purge(tx: Transaction, before: datetime) -> int:
    """Forget what has expired anyway."""
    return tx.changed(revoked_token.delete().where(revoked_token.c.expires_at < before))
