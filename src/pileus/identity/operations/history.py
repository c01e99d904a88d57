"""Forgetting what is over."""

from __future__ import annotations

from datetime import datetime

from pileus.identity.db import oauth1, trust
from pileus.kit.db import Transaction


def purge(tx: Transaction, before: datetime) -> int:
    """Forget trusts, and requests of consumers, that expired before a moment; return how many.

    Not revocations: an expired token may be asked about for a while, so `authenticate.revoke` forgets them in time.
    """
    return trust.purge(tx, before) + oauth1.purge_request_tokens(tx, before)
