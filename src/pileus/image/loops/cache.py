"""Keeping a host's cache in order: copies of images that are gone, halves of copies, too many copies, and the queue."""

from __future__ import annotations

from pileus.image.model.cache import copy_name
from pileus.image.model.image import Image
from pileus.image.operations import cache as operation
from pileus.image.stores.caching import Caching
from pileus.kit import log
from pileus.kit.db import Database

logger = log.get_logger("pileus.image.cache")


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
        for copy in operation.list_stale(self._database, cache):
            cache.delete_copy(copy)
        cache.prune()

    def _fetch_queued(self) -> None:
        queued = self._caching.cache.list_queued()
        active = {image.id: image for image in operation.list_active(self._database, queued)}
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
