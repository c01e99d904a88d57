"""Holding a host's copies against the images that they are of."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from pileus.image.db import image as images
from pileus.image.model import status
from pileus.image.model.cache import Copy, copy_name
from pileus.image.model.image import Image
from pileus.image.stores.cache import Cache
from pileus.kit.db import Database

BATCH = 500


def list_active(database: Database, image_ids: Iterable[str]) -> list[Image]:
    """Return those of some images that are active, in any number."""
    found: list[Image] = []
    rest = iter(image_ids)
    while batch := list(islice(rest, BATCH)):
        with database.read() as tx:
            found += images.list_of(tx, batch)
    return [image for image in found if image.status == status.ACTIVE]


def list_stale(database: Database, cache: Cache) -> list[Copy]:
    """Return copies of images that are gone or withdrawn, or have other bytes now."""
    copies = cache.list_copies()
    active = list_active(database, {copy.image_id for copy in copies})
    wanted = {(copy_name(image), image.size) for image in active}
    return [copy for copy in copies if (copy.name, copy.size) not in wanted]
