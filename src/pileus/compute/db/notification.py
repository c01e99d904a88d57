"""What is still to be told to those who listen."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import func, select

from pileus.compute.db.tables import NOTIFICATION, WORKFLOW
from pileus.kit import ids
from pileus.kit.db import Row, Transaction

_N = NOTIFICATION.c


def add(
    tx: Transaction, format_: str, event_type: str, publisher: str, priority: str, payload: str, now: datetime
) -> None:
    """Keep one until it is told; `payload` is a JSON document."""
    row = {
        "message_id": ids.new_uuid(), "format": format_, "event_type": event_type, "publisher": publisher[:255],
        "priority": priority, "payload": payload, "created_at": now,
    }  # fmt: skip
    tx.execute(NOTIFICATION.insert(), row)


def list_first(tx: Transaction, limit: int) -> Sequence[Row]:
    """Return the oldest rows."""
    return tx.all(select(NOTIFICATION).order_by(_N.number).limit(limit))


def delete(tx: Transaction, numbers: Collection[int]) -> None:
    """Forget those that were told."""
    tx.execute(NOTIFICATION.delete().where(_N.number.in_(numbers)))


def delete_oldest(tx: Transaction, kept: int, after: int) -> int:
    """Forget the oldest of those after a number, unless there are no more than are kept; return how many."""
    newest = tx.scalar(select(func.max(_N.number))) or 0
    return tx.changed(NOTIFICATION.delete().where(_N.number > after, _N.number <= newest - kept))


def workflow_arguments(tx: Transaction, workflow_id: str) -> Mapping[str, Any]:
    """Return what a workflow was begun with; nothing if it is forgotten."""
    text = tx.scalar(select(WORKFLOW.c.arguments).where(WORKFLOW.c.id == workflow_id))
    return {} if text is None else dict(msgspec.json.decode(text))
