"""Images that are deleted and kept for a while: the queue of all who scrub."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, select

from pileus.image.db import tables
from pileus.kit.db import Transaction

_t = tables.pending_delete

_DUE = select(_t.c.image_id).where(_t.c.deleted_at <= bindparam("before")).order_by(_t.c.deleted_at, _t.c.image_id)
_STATUS = select(_t.c.status).where(_t.c.image_id == bindparam("of_image"))
_DELETE = _t.delete().where(_t.c.image_id == bindparam("of_image"))


def insert(tx: Transaction, image_id: str, status: str, now: datetime) -> None:
    """Put a deleted image into the queue, with the status that it had."""
    tx.execute(_t.insert(), {"image_id": image_id, "status": status, "deleted_at": now})


def list_due(tx: Transaction, before: datetime) -> Sequence[str]:
    """Return the ids of images that were deleted by then, the first deleted first."""
    return [row.image_id for row in tx.all(_DUE, {"before": before})]


def take(tx: Transaction, image_id: str) -> str | None:
    """Take an image out of the queue and return the status that it had; None if others were faster."""
    status = tx.scalar(_STATUS, {"of_image": image_id})
    return str(status) if status is not None and tx.changed(_DELETE, {"of_image": image_id}) else None
