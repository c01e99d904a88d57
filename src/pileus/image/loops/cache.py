"""Keeping a host's cache in order: copies of images that are gone, halves of copies, too many copies, and the queue."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from pileus.image.db import image as images
from pileus.image.model import status
from pileus.image.model.cache import copy_name
from pileus.image.model.image import Image
from pileus.image.stores.caching import Caching
from pileus.kit import log
from pileus.kit.db import Database

logger = log.get_logger("pileus.image.cache")
BATCH = 500


class CacheKeeping:
    """One round: take out what is not wanted, then fetch what is queued."""

    def __init__(self, database: Database, caching: Caching) -> None:
        self._database = database
        self._caching = caching

    def round(self) -> None:
        """Do what there is to do."""
        self.tidy()
        self._fetch_queued()

    def tidy(self) -> None:
        """Take out what is not wanted."""
        cache = self._caching.cache
        if count := cache.clean():
            logger.warning("copies that were never finished are deleted", count=count)
        copies = cache.list_copies()
        wanted = {copy_name(image) for image in self._active({copy.image_id for copy in copies})}
        for copy in copies:
            if copy.name not in wanted:
                cache.delete_copy(copy)
        cache.prune()

    def _fetch_queued(self) -> None:
        queued = self._caching.cache.list_queued()
        active = {image.id: image for image in self._active(queued)}
        for image_id in queued:
            if image_id not in active or self._caching.cache.has(copy_name(active[image_id])):
                self._caching.cache.dequeue(image_id)
            elif not self._fetch(active[image_id]):
                return

    def _fetch(self, image: Image) -> bool:
        """Fetch an image; tell whether there was somebody to do it."""
        growth = self._caching.pull(image)
        if growth is None:
            return False
        while not (growth.wait(1) or growth.is_stalled(self._caching.stall_s)):
            pass
        return True

    def _active(self, image_ids: Iterable[str]) -> list[Image]:
        found: list[Image] = []
        rest = iter(image_ids)
        while batch := list(islice(rest, BATCH)):
            with self._database.read() as tx:
                found += images.list_of(tx, batch)
        return [image for image in found if image.status == status.ACTIVE]
