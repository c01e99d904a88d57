"""The base images that this host's guests stand on, each fetched once."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO
from uuid import uuid4

from pileus.compute.agent.drivers.driver import Kernel
from pileus.compute.agent.image_format import ImageUnacceptable, qemu_format, require_safe
from pileus.compute.agent.keyed_lock import KeyedLock
from pileus.compute.agent.percentage import silence
from pileus.kit.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from pileus.compute.messages import ImageAccess

    Download = Callable[[ImageAccess], AbstractContextManager[Iterable[bytes]]]
    Moved = Callable[[int, int], None]


_BLOCK_BYTES = 1 << 16
_CONTAINERS = ("aki", "ami", "ari", "bare")


class ImageDamaged(Unavailable):
    """The bytes that arrived are not the image's; another attempt may do better."""

    message = "Image {image} arrived damaged: {why}"


@dataclass(frozen=True, slots=True)
class BaseImage:
    """A file that guests' disks may stand on, never to be written again."""

    path: Path
    format: str  # as QEMU calls it
    kernel: Kernel | None = None


class ImageCache:
    """Base images by id in one directory, such as `<state>/instances/_base`.

    However many guests ask for an image at the same time, it is downloaded once. A file under its final name is whole
    and checked: data goes to a temporary name first, and what a dead process left behind is removed at the start.
    """

    def __init__(self, directory: Path, download: Download) -> None:
        self._directory = directory
        self._download = download
        self._locks = KeyedLock()
        self._began_at = time.monotonic()
        self._used_at: dict[str, float] = {}
        directory.mkdir(parents=True, exist_ok=True)
        for leftover in directory.glob("*.part"):
            leftover.unlink(missing_ok=True)

    def get(self, image: ImageAccess, moved: Moved = silence) -> BaseImage:
        """Return the image's file, fetching it first where needed. Raises ImageUnacceptable, ImageDamaged.

        `moved` is told meanwhile how many bytes have come, and of how many, if that is known.
        """
        base = BaseImage(self._path(image.image_id), _format(image), self._get_kernel(image))
        with self._locks.hold(image.image_id):
            if not base.path.exists():
                self._fetch(image, base, moved)
            self._used_at[image.image_id] = time.monotonic()
        return base

    def _get_kernel(self, image: ImageAccess) -> Kernel | None:
        if image.kernel is None:
            return None
        ramdisk = self.get(image.ramdisk).path if image.ramdisk else None
        return Kernel(self.get(image.kernel).path, ramdisk)

    def list_ids(self) -> list[str]:
        """Return the ids of the images that are here."""
        return sorted(path.name for path in self._directory.iterdir() if path.suffix != ".part")

    def evict(self, in_use: Collection[str], unused_s: float) -> list[str]:
        """Forget the images that no guest stands on and nobody has asked for in `unused_s`; return their ids.

        `unused_s` is longer than it takes to build a guest: a disk may be about to be made. What was asked for before
        this process began is not known, and counts as asked for then.
        """
        return [image_id for image_id in self.list_ids() if image_id not in in_use and self._drop(image_id, unused_s)]

    def forget(self, image_id: str) -> None:
        """Forget an image that no guest stands on and nobody will ask for again."""
        self._drop(image_id, 0.0)

    def _drop(self, image_id: str, unused_s: float) -> bool:
        with self._locks.hold(image_id):
            if time.monotonic() - self._used_at.get(image_id, self._began_at) < unused_s:
                return False
            self._used_at.pop(image_id, None)
            self._path(image_id).unlink(missing_ok=True)
        return True

    def _fetch(self, image: ImageAccess, base: BaseImage, moved: Moved) -> None:
        part = self._directory / f"{image.image_id}.{uuid4().hex}.part"
        try:
            self._write(image, part, moved)
            require_safe(part, base.format, image=image.image_id)
            part.chmod(0o400)  # guests stand on it: nobody writes it again
            part.rename(base.path)
        finally:
            part.unlink(missing_ok=True)

    def _write(self, image: ImageAccess, part: Path, moved: Moved) -> None:
        digest = hashlib.new(image.hash_algorithm) if image.hash_algorithm else None
        size_bytes = 0
        with self._download(image) as chunks, part.open("wb") as file:
            for chunk in chunks:
                _write_sparsely(file, chunk)
                size_bytes += len(chunk)
                if digest:
                    digest.update(chunk)
                moved(size_bytes, image.size_bytes or 0)
            file.truncate(size_bytes)
            file.flush()
            os.fsync(file.fileno())
        _require_whole(image, size_bytes, digest.hexdigest() if digest else None)

    def _path(self, image_id: str) -> Path:
        if not image_id or "/" in image_id or image_id.startswith("."):
            raise ImageUnacceptable(image=image_id, why="its id is no file name.")
        return self._directory / image_id


def _format(image: ImageAccess) -> str:
    if image.container_format not in _CONTAINERS:
        why = f"container format {image.container_format} cannot be booted; {', '.join(_CONTAINERS)} can."
        raise ImageUnacceptable(image=image.image_id, why=why)
    return qemu_format(image.disk_format, image=image.image_id)


def _write_sparsely(file: BinaryIO, chunk: bytes) -> None:
    """Leave a hole for each block of zeros: raw images are mostly zeros, and a copy of a hole stays a hole."""
    for start in range(0, len(chunk), _BLOCK_BYTES):
        block = chunk[start : start + _BLOCK_BYTES]
        if block.count(0) == len(block):
            file.seek(len(block), os.SEEK_CUR)
        else:
            file.write(block)


def _require_whole(image: ImageAccess, size_bytes: int, digest: str | None) -> None:
    if image.size_bytes is not None and size_bytes != image.size_bytes:
        raise ImageDamaged(image=image.image_id, why=f"{size_bytes} of {image.size_bytes} bytes.")
    if image.hash_value and digest and digest != image.hash_value.lower():
        raise ImageDamaged(image=image.image_id, why=f"its {image.hash_algorithm} is {digest}.")
