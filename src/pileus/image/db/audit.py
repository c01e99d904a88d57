"""What an audit asks: which bytes the rows speak of, and which images' rows disagree among themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, bindparam, exists, or_, select, union

from pileus.image.db import import_tables, tables
from pileus.image.model import status
from pileus.image.model.audit import WHOLE, Copy, HollowImage, StuckImage
from pileus.image.model.image import Location
from pileus.image.model.imports import TASK
from pileus.kit.db import Transaction
from pileus.kit.workflow.store import UNFINISHED

_t = tables.image
_l = tables.image_location
_u = tables.upload
_s = import_tables.staged
_w = import_tables.WORKFLOW

_KNOWING = (_l, _u, tables.discarded, import_tables.staged)  # whoever keeps bytes elsewhere adds its table
_KNOWN = union(*(select(table.c.object_key).where(table.c.store == bindparam("of_store")) for table in _KNOWING))
_IS_KNOWN = union(
    *(
        select(table.c.object_key).where(table.c.store == bindparam("of_store"), table.c.object_key == bindparam("key"))
        for table in _KNOWING
    )
)
_COPIES = (
    select(_t.c.id, _t.c.size, _l.c.store, _l.c.object_key)
    .join(_l, _l.c.image_id == _t.c.id)
    .where(_t.c.status.in_(WHOLE))
    .order_by(_t.c.created_at, _t.c.id)
)
_WAITING = select(_t.c.id, _s.c.size, _s.c.store, _s.c.object_key).join(_s, _s.c.image_id == _t.c.id)
_COPIES_OF = _COPIES.where(_t.c.id == bindparam("of_image"))
_HOLLOW = (
    select(_t.c.id, _t.c.status)
    .where(_t.c.status.in_(WHOLE), ~exists().where(_l.c.image_id == _t.c.id))
    .order_by(_t.c.created_at, _t.c.id)
)
_HAS_UPLOAD = exists().where(_u.c.image_id == _t.c.id)
_HAS_STAGED = exists().where(_s.c.image_id == _t.c.id)
_HAS_WORK = exists().where(_w.c.subject == _t.c.id, _w.c.state.in_(UNFINISHED))
_CLAIMED = select(tables.image_property.c.image_id).where(tables.image_property.c.name == TASK)
_STUCK = (
    select(_t.c.id, _t.c.status)
    .where(
        or_(
            and_(_t.c.status == status.SAVING, ~_HAS_UPLOAD),
            and_(_t.c.status == status.UPLOADING, ~_HAS_UPLOAD, ~_HAS_STAGED),
            and_(or_(_t.c.status == status.IMPORTING, _t.c.id.in_(_CLAIMED)), ~_HAS_WORK),
        ),
        _t.c.status != status.PENDING_DELETE,
    )
    .order_by(_t.c.created_at, _t.c.id)
)


def list_known_keys(tx: Transaction, store: str) -> set[str]:
    """Return the keys in a store that any row speaks of."""
    return {key for (key,) in tx.tuples(_KNOWN, {"of_store": store})}


def is_known(tx: Transaction, location: Location) -> bool:
    """Tell whether any row speaks of some bytes."""
    return tx.first(_IS_KNOWN, {"of_store": location.store, "key": location.key}) is not None


def list_copies(tx: Transaction) -> Sequence[Copy]:
    """Return every copy of every whole image, and what is staged for others."""
    return _copies([*tx.tuples(_COPIES), *tx.tuples(_WAITING)])


def list_copies_of(tx: Transaction, image_id: str) -> Sequence[Copy]:
    """Return every copy of one image, if it is whole."""
    return _copies(tx.tuples(_COPIES_OF, {"of_image": image_id}))


def _copies(found: Sequence[tuple[Any, ...]]) -> Sequence[Copy]:
    return [Copy(image_id=image_id, size=size, location=Location(store, key)) for image_id, size, store, key in found]


def list_hollow(tx: Transaction) -> Sequence[HollowImage]:
    """Return images that are whole and have a copy nowhere."""
    return [HollowImage(image_id=row.id, status=row.status) for row in tx.all(_HOLLOW)]


def list_stuck(tx: Transaction) -> Sequence[StuckImage]:
    """Return images that wait for bytes that nobody brings, or are claimed by a task that nobody is at."""
    return [StuckImage(image_id=row.id, status=row.status) for row in tx.all(_STUCK)]
