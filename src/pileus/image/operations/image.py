"""What can be done to an image's description."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from pileus.image.db import image as images
from pileus.image.db import staged as stagings
from pileus.image.db import upload as uploads
from pileus.image.model import status
from pileus.image.model.change import Change, apply
from pileus.image.model.errors import TurnRefused
from pileus.image.model.image import Image, Limits, Location, require_deletable, require_sound
from pileus.image.model.property_rule import Touch, free
from pileus.image.model.quota import UNLIMITED, Quota
from pileus.image.operations import location as locations
from pileus.image.operations.quota import require_room_for_image
from pileus.image.operations.scrub import put_off
from pileus.kit.db import Transaction


def create(tx: Transaction, image: Image, limits: Limits, quota: Quota = UNLIMITED) -> Image:
    """Add an image without bytes.

    Raises ImageExists, ProjectOverLimit, or what `require_sound` says of the description.
    """
    require_sound(image, limits)
    require_room_for_image(tx, image.owner, quota)
    images.insert(tx, image)
    return image


def update(
    tx: Transaction,
    image_id: str,
    changes: Sequence[Change],
    limits: Limits,
    now: datetime,
    touch: Touch = free,
    quota: Quota = UNLIMITED,
) -> Image:
    """Change the description, all of it or nothing.

    Raises ImageNotFound, the refusal of a change, ProjectOverLimit, StorageQuotaFull.
    """
    old = images.get_locked(tx, image_id, now)
    new = replace(apply(old, changes, limits, touch), updated_at=now)
    images.update(tx, old, new)
    locations.write(tx, old, new, quota)
    return new


def deactivate(tx: Transaction, image_id: str, now: datetime) -> bool:
    """Withdraw an image's bytes from use; tell whether they were in use. Raises ImageNotFound, TurnRefused."""
    return _turn(tx, image_id, "deactivate", status.ACTIVE, status.DEACTIVATED, now)


def reactivate(tx: Transaction, image_id: str, now: datetime) -> bool:
    """Give an image's bytes back to use; tell whether they were not. Raises ImageNotFound, TurnRefused."""
    return _turn(tx, image_id, "reactivate", status.DEACTIVATED, status.ACTIVE, now)


def _turn(tx: Transaction, image_id: str, action: str, old: str, new: str, now: datetime) -> bool:
    image = images.get(tx, image_id)
    if image.status == new:
        return False
    if image.status != old:
        raise TurnRefused(action=action, status=image.status)
    images.update_if(tx, image_id, old, {"status": new, "updated_at": now})
    return True


def delete(tx: Transaction, image_id: str, now: datetime, *, is_delayed: bool = False) -> tuple[Location, ...]:
    """Delete an image and return where its bytes are, which nobody wants any more.

    One that has bytes may be put off: it is gone for everybody, and kept until it is scrubbed.
    An upload that is running loses its place, and its receiver learns that at the end.
    Raises ImageNotFound, ImageProtected, TransitionRefused.
    """
    image = images.get_locked(tx, image_id, now)
    require_deletable(image)
    is_kept = is_delayed and bool(image.locations)
    unwanted = [] if is_kept else list(image.locations)
    for upload in uploads.list_of_image(tx, image_id):
        uploads.delete(tx, upload.id)
        unwanted.append(upload.location)
    staged = stagings.take(tx, image_id)
    if staged is not None:
        unwanted.append(staged.location)
    for location in unwanted:
        uploads.discard(tx, location)
    if is_kept:
        put_off(tx, image, now)
    else:
        images.delete(tx, image, now)
    return tuple(unwanted)
