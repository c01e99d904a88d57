"""Bytes from the cache, also while they are still on their way into it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

from pileus.image.backend import Backend
from pileus.image.model.image import Image, Location
from pileus.image.stores.growth import Growth

READ_BYTES = 2**20


def find(image: Image, backend: Backend) -> Path | None:
    """Return the file of an image's copy, or None."""
    return None if backend.caching is None else backend.caching.find(image)


def drop(image_id: str, backend: Backend) -> None:
    """Forget an image that is not what it was."""
    if backend.caching is not None:
        backend.caching.drop(image_id)


def pull(image: Image, location: Location, backend: Backend) -> Growth | None:
    """Return an image's copy that is coming, best from a location that has the bytes; None: there will be none."""
    return None if backend.caching is None else backend.caching.pull(image, location)


async def pieces(
    growth: Growth, size: int, rest: Callable[[int], AsyncIterator[bytes]], backend: Backend
) -> AsyncIterator[bytes]:
    """Read a copy while it grows; should it stop to, go on with `rest`, which reads from an offset on."""
    offset = 0
    while offset < size and await growth.beyond(offset, backend.timing.stall_s):
        piece = await backend.threads.run(growth.read, offset, READ_BYTES)
        offset += len(piece)
        yield piece
    if offset < size:
        async for piece in rest(offset):
            yield piece
