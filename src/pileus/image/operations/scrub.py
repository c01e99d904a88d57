"""Deleted images that are kept for a while: put off, then either restored or scrubbed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from pileus.image.db import image as images
from pileus.image.db import pending
from pileus.image.db import upload as uploads
from pileus.image.model import status
from pileus.image.model.errors import ImageNotFound, NotPendingDelete
from pileus.image.model.image import Image, Location
from pileus.image.model.imports import unclaimed
from pileus.kit.db import Transaction


def put_off(tx: Transaction, image: Image, now: datetime) -> None:
    """Keep a deleted image, which everybody else sees no more. Raises TransitionRefused, ImageChanged."""
    status.require_way(image.status, status.PENDING_DELETE)
    images.update(tx, image, replace(unclaimed(image), status=status.PENDING_DELETE))
    pending.insert(tx, image.id, image.status, now)


def restore(tx: Transaction, image_id: str, now: datetime) -> None:
    """Make a kept image what it was. Raises ImageNotFound, NotPendingDelete."""
    old = pending.take(tx, image_id)
    if old is None:
        image = images.find(tx, image_id)
        if image is None:
            raise ImageNotFound(image_id=image_id)
        raise NotPendingDelete(image_id=image_id, status=image.status)
    images.update_if(tx, image_id, status.PENDING_DELETE, {"status": old, "updated_at": now})


def scrub(tx: Transaction, image_id: str, now: datetime) -> tuple[Location, ...] | None:
    """Delete a kept image for good and return where its bytes are; None if others were faster."""
    if pending.take(tx, image_id) is None:
        return None
    image = images.find_pending(tx, image_id)
    assert image is not None
    for location in image.locations:
        uploads.discard(tx, location)
    images.delete(tx, image, now)
    return image.locations
