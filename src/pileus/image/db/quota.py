"""What projects hold in images, and the lock under which it is counted."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, or_, select

from pileus.image.db import import_tables, tables
from pileus.image.model import status
from pileus.image.model.quota import COUNT_TOTAL, COUNT_UPLOADING, SIZE_TOTAL, STAGE_TOTAL, Usage
from pileus.image.model.upload import STAGING
from pileus.kit.db import Transaction

_t = tables.image
_u = tables.upload
_l = tables.image_location
_s = import_tables.staged
_o = tables.quota_owner

_OF_OWNER = _t.c.owner == bindparam("of_owner")
_GONE = (status.KILLED, status.PENDING_DELETE, status.DELETED)

_LOCK = _o.update().where(_o.c.owner == bindparam("of_owner")).values(owner=bindparam("of_owner"))


def _count(condition: ColumnElement[bool]) -> ColumnElement[Any]:
    return select(func.count()).select_from(_t).where(_OF_OWNER, condition).scalar_subquery()


def _sum(of: Select[Any]) -> ColumnElement[Any]:
    return func.coalesce(of.where(_OF_OWNER).scalar_subquery(), 0)


def _reserved(condition: ColumnElement[bool]) -> ColumnElement[Any]:
    uploads = _u.join(_t, _t.c.id == _u.c.image_id)
    return _sum(select(func.sum(_u.c.reserved_bytes)).select_from(uploads).where(condition))


_COPIES = _l.join(_t, _t.c.id == _l.c.image_id)
_STAGED = _s.join(_t, _t.c.id == _s.c.image_id)
_ARE_ON_THE_WAY = or_(_t.c.status.in_(status.ON_THE_WAY), exists().where(_u.c.image_id == _t.c.id))
_COLUMNS: dict[str, ColumnElement[Any]] = {
    COUNT_TOTAL: _count(_t.c.status.not_in(_GONE)),
    COUNT_UPLOADING: _count(_ARE_ON_THE_WAY),
    SIZE_TOTAL: _sum(select(func.sum(_t.c.size)).select_from(_COPIES).where(_t.c.status.not_in(_GONE)))
    + _reserved(_u.c.store != STAGING),
    STAGE_TOTAL: _reserved(_u.c.store == STAGING) + _sum(select(func.sum(_s.c.size)).select_from(_STAGED)),
}
# One statement, which sees one moment: an upload that ends meanwhile counts as reserved or as a copy, never as neither.
_USAGE = select(*_COLUMNS.values())


def lock(tx: Transaction, owner: str) -> None:
    """Let nobody else count what a project holds until the transaction ends."""
    if not tx.changed(_LOCK, {"of_owner": owner}):
        tx.execute(_o.insert(), {"owner": owner})


def usage(tx: Transaction, owner: str | None) -> Usage:
    """Return what a project holds."""
    row = tx.first(_USAGE, {"of_owner": owner})
    assert row is not None
    return {resource: int(amount) for resource, amount in zip(_COLUMNS, row, strict=True)}
