"""Filling the cache: each image is fetched once, however many ask for it, and all of them read along.

A copy is brought by a thread of its own, as fast as the store gives, even if everybody who asked has gone. There are
few such threads; who comes when all are at work, or after one got stuck, is served by the store itself.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pileus.image.model.cache import copy_name, is_cached_when_used
from pileus.image.model.cache_errors import CopyBroken
from pileus.image.model.image import Image, Location
from pileus.image.model.location import ordered
from pileus.image.stores.cache import Cache
from pileus.image.stores.filesystem import FileWriter
from pileus.image.stores.growth import Growth
from pileus.image.stores.store import Store
from pileus.kit import ids, log
from pileus.kit.errors import PileusError

logger = log.get_logger("pileus.image.cache")
READ_BYTES = 2**20
PULLS = 8  # at a time


class Caching:
    """The cache of a host, and the copies that this process brings."""

    def __init__(
        self,
        cache: Cache,
        stores: Mapping[str, Store],
        *,
        stall_s: float,
        weights: Mapping[str, int] | None = None,
        has_management: bool = False,
    ) -> None:
        self.cache = cache
        self.stall_s = stall_s
        self.has_management = has_management  # whether the older routes are there too
        self._stores = stores
        self._weights = weights or {}
        self._turn = threading.Lock()
        self._coming: dict[str, Growth] = {}

    def find(self, image: Image) -> Path | None:
        """Return the file of an image's copy, or None. An image that is not active has none.

        Whatever is the matter with the cache is no reason not to ask the stores.
        """
        if not is_cached_when_used(image, self.cache.max_size_bytes):
            return None
        try:
            return self.cache.find(copy_name(image), image.size)
        except OSError as error:
            logger.warning("a copy cannot be used", image_id=image.id, why=str(error))
            return None

    def list_coming(self) -> list[Growth]:
        """Return the copies that are coming."""
        with self._turn:
            return list(self._coming.values())

    def pull(self, image: Image, first: Location | None = None) -> Growth | None:
        """Return the copy that is coming, and let it come, best from `first`, if it is not; None: ask the stores."""
        if not is_cached_when_used(image, self.cache.max_size_bytes):
            return None
        name = copy_name(image)
        with self._turn:
            growth = self._coming.get(name)
            if growth is not None:
                return None if growth.is_stalled(self.stall_s) or growth.is_unwanted else growth
            if len(self._coming) >= PULLS or self.cache.has(name):
                return None
            run = ids.new_uuid()[:8]
            try:
                writer, growth = self.cache.create(name, run, image.size or 0)
            except (OSError, PileusError) as error:
                logger.warning("no copy can be kept", image_id=image.id, why=str(error))
                return None
            self._coming[name] = growth
        work = (image, self._locations(image, first), run, writer, growth)
        threading.Thread(target=self._bring, args=work, name=f"cache-{image.id}", daemon=True).start()
        return growth

    def _locations(self, image: Image, first: Location | None) -> list[Location]:
        others = [location for location in image.locations if location != first]
        return [*([first] if first else []), *ordered(others, self._weights)]

    def drop(self, image_id: str) -> None:
        """Forget an image: its copies, the one that is coming, and the wish for one. What fails is left to the loop."""
        with self._turn:
            for name, growth in self._coming.items():
                if name.partition(".")[0] == image_id:
                    growth.is_unwanted = True
            try:
                self.cache.delete(image_id)
                self.cache.dequeue(image_id)
            except OSError as error:
                logger.warning("a copy cannot be deleted", image_id=image_id, why=str(error))

    def _bring(self, image: Image, locations: Sequence[Location], run: str, writer: FileWriter, growth: Growth) -> None:
        name = copy_name(image)
        try:
            self._copy(image, locations, writer, growth)
            writer.commit()
            with self._turn:
                if growth.is_unwanted:
                    self.cache.discard(name, run)
                else:
                    self.cache.keep(name, run)
            self.cache.dequeue(image.id)
            self.cache.prune()
        except (OSError, PileusError) as error:
            logger.warning("an image could not be copied to the cache", image_id=image.id, why=str(error))
        finally:
            writer.abort()
            with self._turn:
                del self._coming[name]
            growth.end()

    def _copy(self, image: Image, locations: Sequence[Location], writer: FileWriter, growth: Growth) -> None:
        """Write all bytes, each location going on where the one before has failed. Raises CopyBroken, StorageFull."""
        digest = hashlib.new(str(image.os_hash_algo))
        for location in locations:
            for piece in self._pieces(image, location, growth.size):
                if growth.is_unwanted:
                    raise CopyBroken(image_id=image.id, reason="nobody wants it any more.")
                writer.write([piece])
                digest.update(piece)
                growth.grow(growth.size + len(piece))
        if growth.size != image.size:
            raise CopyBroken(image_id=image.id, reason="no store has all bytes.")
        if digest.hexdigest() != image.os_hash_value:
            raise CopyBroken(image_id=image.id, reason="its digest is not the image's.")

    def _pieces(self, image: Image, location: Location, offset: int) -> Iterator[bytes]:
        """Read on from one location, as far as it goes."""
        size = image.size or 0
        if offset == size or location.store not in self._stores:
            return
        try:
            with self._stores[location.store].open(location.key) as reader:
                while piece := reader.read(offset, min(READ_BYTES, size - offset)):
                    offset += len(piece)
                    yield piece
        except (OSError, PileusError) as error:
            logger.warning("a store failed", image_id=image.id, store=location.store, why=str(error))
