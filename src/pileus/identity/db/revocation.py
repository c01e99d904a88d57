"""Revoked tokens, remembered for as long as they would have lived."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, select

from pileus.identity.db.tables import revoked_token
from pileus.kit.db import Transaction
from pileus.kit.db.insert import insert_if_absent

_IS_REVOKED = select(revoked_token.c.audit_id).where(revoked_token.c.audit_id == bindparam("which"))


def add(tx: Transaction, audit_id: str, expires_at: datetime) -> None:
    """Revoke a token; those that were got with it live on."""
    insert_if_absent(tx, revoked_token, {"audit_id": audit_id, "expires_at": expires_at})


def is_revoked(tx: Transaction, audit_id: str) -> bool:
    """Tell whether a token was revoked."""
    return tx.first(_IS_REVOKED, {"which": audit_id}) is not None


def purge(tx: Transaction, before: datetime) -> int:
    """Forget what has expired anyway."""
    return tx.changed(revoked_token.delete().where(revoked_token.c.expires_at < before))
