"""What was shown and may not be shown again: signed requests and passcodes."""

from __future__ import annotations

import hashlib
from datetime import datetime

from pileus.identity.db import extension_tables
from pileus.identity.model.login import Nonce
from pileus.kit.db import Transaction
from pileus.kit.db.insert import insert_if_absent

_table = extension_tables.nonce


def remember(tx: Transaction, shown: Nonce, now: datetime) -> bool:
    """Remember what was shown for as long as it could come again; tell whether it is the first time."""
    tx.execute(_table.delete().where(_table.c.expires_at < now))
    digest = hashlib.sha256(shown.text.encode()).hexdigest()
    return insert_if_absent(tx, _table, {"digest": digest, "expires_at": shown.until})
