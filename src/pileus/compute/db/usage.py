"""Which servers ran when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, or_, select

from pileus.compute.db.server import SELECTION, with_details
from pileus.compute.db.tables import SERVER
from pileus.compute.model.error.server import MarkerNotFound
from pileus.compute.model.server import Server
from pileus.kit.db import Transaction

_S = SERVER.c


def list_that_ran(
    tx: Transaction, start: datetime, end: datetime, *, project_id: str | None, marker: str | None, limit: int
) -> Sequence[Server]:
    """Return the servers that ran between two times, the deleted ones too, by project and id; those after `marker`.

    Raises MarkerNotFound.
    """
    query = SELECTION.where(_S.launched_at < end, or_(_S.terminated_at.is_(None), _S.terminated_at > start))
    if project_id is not None:
        query = query.where(_S.project_id == project_id)
    if marker is not None:
        last = tx.first(select(_S.project_id, _S.id).where(_S.id == marker))
        if last is None:
            raise MarkerNotFound(f"Marker {marker} could not be found.")
        is_later = and_(_S.project_id == last.project_id, _S.id > last.id)
        query = query.where(or_(_S.project_id > last.project_id, is_later))
    return with_details(tx, tx.all(query.order_by(_S.project_id, _S.id).limit(limit)))
