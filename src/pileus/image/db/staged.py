"""Bytes that wait to be imported, a row for each image that has some."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from pileus.image.db import import_tables
from pileus.image.model.image import Location
from pileus.image.model.imports import Staged
from pileus.kit.db import Transaction

_t = import_tables.staged
_FIND = select(_t).where(_t.c.image_id == bindparam("of_image"))
_DELETE = _t.delete().where(_t.c.image_id == bindparam("of_image"))


def insert(tx: Transaction, staged: Staged) -> None:
    """Say where an image's staged bytes are."""
    tx.execute(
        _t.insert(),
        {
            "image_id": staged.image_id,
            "store": staged.location.store,
            "object_key": staged.location.key,
            "size": staged.size,
            "form": staged.form,
        },
    )


def find(tx: Transaction, image_id: str) -> Staged | None:
    """Return an image's staged bytes, or None."""
    row = tx.first(_FIND, {"of_image": image_id})
    if row is None:
        return None
    return Staged(image_id=row.image_id, location=Location(row.store, row.object_key), size=row.size, form=row.form)


def take(tx: Transaction, image_id: str) -> Staged | None:
    """Forget an image's staged bytes, which are still there, and return them, or None."""
    staged = find(tx, image_id)
    if staged is not None:
        tx.execute(_DELETE, {"of_image": image_id})
    return staged
