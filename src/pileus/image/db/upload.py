"""Uploads that are running, and bytes to be thrown away.

There is a row for all bytes in a store at all times: an upload's from before the first byte until the image has its
location, and a discarded object's from then on until the bytes are gone. So nothing is ever searched for in a store.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, select

from pileus.image.db import tables
from pileus.image.model.image import Location
from pileus.image.model.upload import Upload
from pileus.kit.db import Row, Transaction

_t = tables.upload
_d = tables.discarded

_RENEW = _t.update().where(_t.c.id == bindparam("of_id")).values(expires_at=bindparam("until"))
_RESERVED = select(_t.c.reserved_bytes).where(_t.c.id == bindparam("of_id"))
_RESERVE = _t.update().where(_t.c.id == bindparam("of_id")).values(reserved_bytes=bindparam("size_bytes"))
_DELETE = _t.delete().where(_t.c.id == bindparam("of_id"))
_OF_IMAGE = select(_t).where(_t.c.image_id == bindparam("of_image"))
_EXPIRED = select(_t).where(_t.c.expires_at < bindparam("now")).order_by(_t.c.expires_at)
_OF_OWNER = select(_t).where(_t.c.owner == bindparam("of_owner"))
_DISCARDED = select(_d).order_by(_d.c.store, _d.c.object_key)
_FORGET = _d.delete().where(_d.c.store == bindparam("of_store"), _d.c.object_key == bindparam("of_key"))
_IS_DISCARDED = select(_d.c.store).where(_d.c.store == bindparam("of_store"), _d.c.object_key == bindparam("of_key"))


def insert(tx: Transaction, upload: Upload) -> None:
    """Announce an upload before its first byte is written."""
    tx.execute(
        _t.insert(),
        {
            "id": upload.id,
            "image_id": upload.image_id,
            "store": upload.location.store,
            "object_key": upload.location.key,
            "expires_at": upload.expires_at,
            "owner": upload.owner,
            "reserved_bytes": upload.reserved_bytes,
            "purpose": upload.purpose,
        },
    )


def list_of_image(tx: Transaction, image_id: str) -> Sequence[Upload]:
    """Return the uploads into an image: a client's, or those of an import to several stores."""
    return [_upload(row) for row in tx.all(_OF_IMAGE, {"of_image": image_id})]


def list_expired(tx: Transaction, now: datetime) -> Sequence[Upload]:
    """Return the uploads whose receivers have not been heard of in time."""
    return [_upload(row) for row in tx.all(_EXPIRED, {"now": now})]


def list_of_owner(tx: Transaction, owner: str) -> Sequence[Upload]:
    """Return the uploads that a process receives, or did before it died."""
    return [_upload(row) for row in tx.all(_OF_OWNER, {"of_owner": owner})]


def renew(tx: Transaction, upload_id: str, until: datetime) -> bool:
    """Say that an upload's receiver is alive; tell whether the upload still exists."""
    return bool(tx.changed(_RENEW, {"of_id": upload_id, "until": until}))


def reserved_bytes(tx: Transaction, upload_id: str) -> int:
    """Return how much an upload has reserved; nothing, if it is over."""
    return int(tx.scalar(_RESERVED, {"of_id": upload_id}) or 0)


def reserve(tx: Transaction, upload_id: str, size_bytes: int) -> None:
    """Write down how much of the quota an upload takes, if it still exists."""
    tx.execute(_RESERVE, {"of_id": upload_id, "size_bytes": size_bytes})


def delete(tx: Transaction, upload_id: str) -> bool:
    """End an upload; tell whether it still existed."""
    return bool(tx.changed(_DELETE, {"of_id": upload_id}))


def discard(tx: Transaction, location: Location) -> None:
    """Say that nobody wants some bytes any more."""
    if tx.first(_IS_DISCARDED, {"of_store": location.store, "of_key": location.key}) is None:
        tx.execute(_d.insert(), {"store": location.store, "object_key": location.key})


def list_discarded(tx: Transaction) -> Sequence[Location]:
    """Return the bytes that nobody wants any more and that may still be there."""
    return [Location(row.store, row.object_key) for row in tx.all(_DISCARDED)]


def forget(tx: Transaction, location: Location) -> None:
    """Say that discarded bytes are gone."""
    tx.execute(_FORGET, {"of_store": location.store, "of_key": location.key})


def _upload(row: Row) -> Upload:
    return Upload(
        id=row.id,
        image_id=row.image_id,
        location=Location(row.store, row.object_key),
        expires_at=row.expires_at,
        owner=row.owner,
        reserved_bytes=row.reserved_bytes,
        purpose=row.purpose,
    )
