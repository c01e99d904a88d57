"""Holding projects to their quotas.

What a project is about to hold is written down before it holds it, under a lock, so that many at once cannot exceed
together what none of them exceeds alone: an image by its row, bytes by what their upload has reserved.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from pileus.image.db import quota as rows
from pileus.image.db import upload as uploads
from pileus.image.model import status
from pileus.image.model.image import Image
from pileus.image.model.quota import COUNT_TOTAL, COUNT_UPLOADING, SIZE_TOTAL, STAGE_TOTAL, Quota, in_advance
from pileus.image.model.quota import require_room as require
from pileus.image.model.upload import STAGING, Upload
from pileus.kit.db import Database, Transaction

Reserve = Callable[[int], int]
"""Makes sure that there is room for so many bytes in all; returns for how many there is."""


def require_room_for_image(tx: Transaction, owner: str | None, quota: Quota) -> None:
    """Make sure that a project may have one image more. Raises ProjectOverLimit."""
    if owner is not None and quota.is_limited(COUNT_TOTAL):
        rows.lock(tx, owner)
        require(quota, owner, rows.usage(tx, owner), {COUNT_TOTAL: 1})


def require_room_for_upload(tx: Transaction, image: Image, upload: Upload, quota: Quota) -> None:
    """Make sure that an image's project may begin an upload into it, which reserves what it says.

    Raises ProjectOverLimit, StorageQuotaFull.
    """
    resource = resource_of(upload)
    if image.owner is not None and quota.is_limited(resource):
        rows.lock(tx, image.owner)
        require(quota, image.owner, rows.usage(tx, image.owner), {resource: upload.reserved_bytes})
    require_room_on_the_way(tx, image, quota)


def require_room_on_the_way(tx: Transaction, image: Image, quota: Quota) -> None:
    """Make sure that bytes of an image may come in now, unless it counts as one whose do. Raises ProjectOverLimit."""
    if image.owner is None or not quota.is_limited(COUNT_UPLOADING) or image.status in status.ON_THE_WAY:
        return
    if not uploads.list_of_image(tx, image.id):
        rows.lock(tx, image.owner)
        require(quota, image.owner, rows.usage(tx, image.owner), {COUNT_UPLOADING: 1})


def require_room_for_copies(tx: Transaction, old: Image, new: Image, quota: Quota) -> None:
    """Make sure that a project may have an image at more places than now. Raises ProjectOverLimit, StorageQuotaFull."""
    more_bytes = (new.size or 0) * len(new.locations) - (old.size or 0) * len(old.locations)
    if more_bytes > 0 and new.owner is not None and quota.is_limited(SIZE_TOTAL):
        rows.lock(tx, new.owner)
        require(quota, new.owner, rows.usage(tx, new.owner), {SIZE_TOTAL: more_bytes})


def reserve(tx: Transaction, owner: str, upload: Upload, needed_bytes: int, quota: Quota) -> int:
    """Reserve so much in all for an upload that is running, or somewhat more; return how much it is now.

    One that was given up meanwhile learns that at its end. Raises ProjectOverLimit, StorageQuotaFull.
    """
    resource = resource_of(upload)
    rows.lock(tx, owner)
    used = rows.usage(tx, owner)
    others = {**used, resource: used[resource] - uploads.reserved_bytes(tx, upload.id)}
    require(quota, owner, others, {resource: needed_bytes})
    reserved_bytes = in_advance(quota, resource, others, needed_bytes)
    uploads.reserve(tx, upload.id, reserved_bytes)
    return reserved_bytes


def without_end(_needed_bytes: int) -> int:
    """There is room for all that may come."""
    return sys.maxsize


def reserving(database: Database, image: Image, upload: Upload, quota: Quota) -> Reserve:
    """Return how the intake of an upload asks for room."""
    owner = image.owner
    if owner is None or not quota.is_limited(resource_of(upload)):
        return without_end
    return lambda needed_bytes: database.write(reserve, owner, upload, needed_bytes, quota)


def resource_of(upload: Upload) -> str:
    """Return what an upload's bytes count as until it ends."""
    return STAGE_TOTAL if upload.location.store == STAGING else SIZE_TOTAL
