"""Forgetting what is over."""

from __future__ import annotations

from datetime import datetime

from pileus.identity.db import revocation, trust
from pileus.kit.db import Transaction


def purge(tx: Transaction, before: datetime) -> int:
    """Forget revocations of tokens, and trusts, that expired before a moment; return how many."""
    return revocation.purge(tx, before) + trust.purge(tx, before)
