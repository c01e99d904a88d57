"""Tags, one at a time."""

from __future__ import annotations

from datetime import datetime

from pileus.image.db import image as images
from pileus.image.model.errors import TagNotFound
from pileus.image.model.image import Limits, require_tag_count
from pileus.kit.db import Transaction


def add(tx: Transaction, image_id: str, tag: str, limits: Limits, now: datetime) -> None:
    """Put a tag on an image, which may carry it already. Raises ImageNotFound, TooManyTags."""
    image = images.get_locked(tx, image_id, now)
    if tag not in image.tags:
        require_tag_count(len(image.tags) + 1, limits)
        images.insert_tag(tx, image_id, tag)


def remove(tx: Transaction, image_id: str, tag: str, now: datetime) -> None:
    """Take a tag off an image. Raises ImageNotFound, TagNotFound."""
    images.get_locked(tx, image_id, now)
    if not images.delete_tag(tx, image_id, tag):
        raise TagNotFound(image_id=image_id, tag=tag)
