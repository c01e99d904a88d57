"""What can be done to an image's description."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from pileus.image.db import image as images
from pileus.image.db import upload as uploads
from pileus.image.model.change import Change, apply
from pileus.image.model.image import Image, Limits, Location, require_deletable, require_sound
from pileus.kit.db import Transaction


def create(tx: Transaction, image: Image, limits: Limits) -> Image:
    """Add an image without bytes. Raises ImageExists, or what `require_sound` says of the description."""
    require_sound(image, limits)
    images.insert(tx, image)
    return image


def update(tx: Transaction, image_id: str, changes: Sequence[Change], limits: Limits, now: datetime) -> Image:
    """Change the description, all of it or nothing. Raises ImageNotFound, or the refusal of a change."""
    old = images.get_locked(tx, image_id, now)
    new = replace(apply(old, changes, limits), updated_at=now)
    images.update(tx, old, new)
    return new


def delete(tx: Transaction, image_id: str, now: datetime) -> tuple[Location, ...]:
    """Delete an image and return where its bytes are, which nobody wants any more.

    An upload that is running loses its place, and its receiver learns that at the end.
    Raises ImageNotFound, ImageProtected, TransitionRefused.
    """
    image = images.get_locked(tx, image_id, now)
    require_deletable(image)
    unwanted = list(image.locations)
    upload = uploads.find_of_image(tx, image_id)
    if upload is not None:
        uploads.delete(tx, upload.id)
        unwanted.append(upload.location)
    for location in unwanted:
        uploads.discard(tx, location)
    images.delete(tx, image, now)
    return tuple(unwanted)
