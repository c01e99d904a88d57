"""What a new cloud starts with."""

from __future__ import annotations

from datetime import datetime

from pileus.compute.db import flavor as rows
from pileus.compute.model.flavor import STANDARD
from pileus.kit.db import Transaction


def bootstrap(tx: Transaction, now: datetime) -> None:
    """Make the standard flavors whose id and name are free; may run again."""
    for flavor in STANDARD:
        rows.add(tx, flavor, now)
