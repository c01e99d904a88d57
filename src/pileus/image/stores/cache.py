"""The cache of one host: a folder of copies, which is its own index.

    IMAGE.DIGEST          a whole copy that was verified; its time is when it came
    IMAGE.DIGEST.hits     a byte for each time that it was asked for; its time is the last one
    IMAGE.DIGEST.RUN…     a copy that is coming
    queue/IMAGE           an empty file: an image to be fetched

A copy gets its name once it is whole and on disk, and nothing else says that it is there: so whenever a process is
killed, the index is right. Several processes of a host may share the folder.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from pileus.image.model.cache import Copy, surplus
from pileus.image.stores.filesystem import TEMPORARY, FilesystemStore, FileWriter
from pileus.image.stores.growth import Growth

_COPY = re.compile(r"[^.]+\.[0-9a-f]{32}")
_HITS = ".hits"


class Cache:
    """The copies of one host, and the queue of images that it shall fetch."""

    def __init__(self, folder: Path, *, max_size_bytes: int, stall_s: float) -> None:
        self._folder = folder
        self._queue = folder / "queue"
        self._queue.mkdir(parents=True, exist_ok=True)
        self._store = FilesystemStore("cache", folder, is_read_soon=True)
        self._stall_s = stall_s
        self.max_size_bytes = max_size_bytes

    # --- copies -----------------------------------------------------------------------------------

    def find(self, name: str, size: int | None) -> Path | None:
        """Return the file of a copy, and note that it was asked for."""
        path = self._folder / name
        try:
            if path.stat().st_size != size:
                return None
        except FileNotFoundError:
            return None
        descriptor = os.open(_hits(path), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
        try:
            os.write(descriptor, b".")
        finally:
            os.close(descriptor)
        return path

    def has(self, name: str) -> bool:
        """Tell whether there is a copy, without a note."""
        return (self._folder / name).exists()

    def list_copies(self) -> list[Copy]:
        """Return the whole copies."""
        return [copy for path in self._paths() if (copy := _copy(path)) is not None]

    def delete(self, image_id: str) -> int:
        """Delete the copies of an image; return how many there were."""
        return self._delete([copy for copy in self.list_copies() if copy.image_id == image_id])

    def delete_copy(self, copy: Copy) -> None:
        """Delete a copy; it may be gone already."""
        path = self._folder / copy.name
        path.unlink(missing_ok=True)
        _hits(path).unlink(missing_ok=True)

    def clear(self) -> int:
        """Delete all copies; return how many there were."""
        return self._delete(self.list_copies())

    def prune(self) -> tuple[int, int]:
        """Delete what was not used for longest until the rest fits; return how many copies and bytes that was."""
        given_up = surplus(self.list_copies(), self.max_size_bytes, time.time())
        return self._delete(given_up), sum(copy.size for copy in given_up)

    def clean(self) -> int:
        """Delete what came of copies that nobody brings any more; return how many there were."""
        stalled = self.list_stalled()
        for name in stalled:
            self.delete_stalled(name)
        return len(stalled)

    def list_stalled(self) -> list[str]:
        """Return the files of copies that nobody brings any more."""
        oldest = time.time() - self._stall_s
        return [path.name for path in self._paths() if not _is_copy(path) and _is_before(path, oldest)]

    def delete_stalled(self, name: str) -> None:
        """Delete a file of a copy that nobody brings any more; it may be gone already."""
        (self._folder / name).unlink(missing_ok=True)

    # --- a copy that is coming --------------------------------------------------------------------

    def create(self, name: str, run: str, size: int) -> tuple[FileWriter, Growth]:
        """Begin a copy under a name that no other run has. Raises StorageFull, StorageWriteDenied."""
        key = f"{name}.{run}"
        writer = self._store.create(key, size)
        return writer, Growth(self._folder / f"{key}{TEMPORARY}")

    def keep(self, name: str, run: str) -> None:
        """Give a whole copy its name: from now on it is there."""
        (self._folder / f"{name}.{run}").replace(self._folder / name)

    def discard(self, name: str, run: str) -> None:
        """Delete a whole copy that got no name."""
        (self._folder / f"{name}.{run}").unlink(missing_ok=True)

    # --- the queue --------------------------------------------------------------------------------

    def enqueue(self, image_id: str) -> None:
        """Ask for an image to be fetched."""
        (self._queue / image_id).touch(exist_ok=True)

    def list_queued(self) -> list[str]:
        """Return the images to be fetched, the oldest wish first."""
        wishes = [(entry.stat().st_mtime, entry.name) for entry in _entries(self._queue)]
        return [name for _, name in sorted(wishes)]

    def dequeue(self, image_id: str) -> bool:
        """Take an image out of the queue; tell whether it was in it."""
        if image_id not in self.list_queued():  # which also keeps odd names from becoming paths
            return False
        (self._queue / image_id).unlink(missing_ok=True)
        return True

    def clear_queue(self) -> int:
        """Empty the queue; return how many images were in it."""
        return sum(self.dequeue(image_id) for image_id in self.list_queued())

    # --- inside -----------------------------------------------------------------------------------

    def _paths(self) -> Iterator[Path]:
        return (path for path in _entries(self._folder) if path != self._queue)

    def _delete(self, copies: Sequence[Copy]) -> int:
        for copy in copies:
            self.delete_copy(copy)
        return len(copies)


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def _hits(path: Path) -> Path:
    return path.with_name(path.name + _HITS)


def _is_copy(path: Path) -> bool:
    """Tell whether a file is a copy, or the notes about one that is there."""
    if path.name.endswith(_HITS):
        return path.with_name(path.name.removesuffix(_HITS)).exists()
    return _COPY.fullmatch(path.name) is not None


def _is_before(path: Path, moment: float) -> bool:
    try:
        return path.stat().st_mtime < moment
    except FileNotFoundError:
        return False


def _copy(path: Path) -> Copy | None:
    if _COPY.fullmatch(path.name) is None:
        return None
    try:
        file = path.stat()
    except FileNotFoundError:  # somebody else deleted it meanwhile
        return None
    try:
        notes = _hits(path).stat()
        hits, last_accessed = notes.st_size, notes.st_mtime
    except FileNotFoundError:
        hits, last_accessed = 0, file.st_mtime
    return Copy(name=path.name, size=file.st_size, hits=hits, last_modified=file.st_mtime, last_accessed=last_accessed)
