"""A store in a folder: a file an object.

A file is written under a temporary name, brought to disk, renamed, and then the folder is brought to disk.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pileus.image.model.errors import DataMissing, DataVanished, StorageBroken, StorageFull, StorageWriteDenied
from pileus.kit.calling import Run

TEMPORARY = ".part"
WRITE_BACK_BYTES = 16 * 2**20
CHUNK_BYTES = 4 * 2**20  # what is written at once
PIECES = 512  # which is well below what one writev() takes
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}


class FilesystemStore:
    """Objects as files of one folder, which is made if it is not there."""

    kind = "file"
    schemes: frozenset[str] = frozenset()  # nobody may name our files
    is_read_only = False
    run: Run | None = None

    def __init__(self, name: str, folder: Path) -> None:
        self._name = name
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def create(self, key: str, size_bytes: int | None) -> FileWriter:
        """Begin a file.

        Raises StorageFull (also if the announced size will not fit), StorageWriteDenied, StorageBroken.
        """
        path = self._path(key)
        with _refusals():
            if size_bytes is not None and size_bytes > self._free_bytes():
                raise StorageFull
            return FileWriter(key, path)

    def open(self, key: str) -> FileReader:
        """Open a file. Raises DataMissing, StorageBroken."""
        with self._missing(key):
            return FileReader(self._path(key))

    def size(self, key: str) -> int:
        """Return a file's size in bytes. Raises DataMissing, StorageBroken."""
        with self._missing(key):
            return self._path(key).stat().st_size

    def path(self, key: str) -> Path:
        """Return the file."""
        return self._path(key)

    def url(self, key: str) -> str:
        """Return the file's URL."""
        return self._path(key).absolute().as_uri()

    def properties(self) -> Mapping[str, Any]:
        """Return where the folder is."""
        return {"data_dir": str(self._folder), "chunk_size": CHUNK_BYTES, "thin_provisioning": False}

    def delete(self, key: str) -> None:
        """Delete a file, whole or not. Raises StorageBroken, as the file may be back later with all others."""
        self._require_folder()
        path = self._path(key)
        # The temporary name first: a writer that renames in between then leaves a whole file, which goes next.
        for name in (_temporary(path), path):
            name.unlink(missing_ok=True)

    def keys(self) -> Iterator[str] | None:
        """Return the names of the files, without what others have put there under names that are no keys."""
        with os.scandir(self._folder) as entries:
            names = [entry.name.removesuffix(TEMPORARY) for entry in entries if entry.is_file(follow_symlinks=False)]
        return (name for name in names if _KEY.fullmatch(name))

    def problem(self) -> str | None:
        """Return what is wrong with the folder, or None."""
        if not os.access(self._folder, os.W_OK | os.X_OK):
            return f"the folder {self._folder} cannot be written to"
        return None

    @contextlib.contextmanager
    def _missing(self, key: str) -> Iterator[None]:
        """Say that a file is missing, or that all of them are."""
        try:
            yield
        except FileNotFoundError:
            self._require_folder()
            raise DataMissing(store=self._name, key=key) from None

    def _require_folder(self) -> None:
        """Raise StorageBroken if the folder is gone, as one is whose disk is not mounted any more."""
        if not self._folder.is_dir():
            raise StorageBroken(reason=f"the folder of {self._name} is not there")

    def _free_bytes(self) -> int:
        numbers = os.statvfs(self._folder)
        return numbers.f_bavail * numbers.f_frsize

    def _path(self, key: str) -> Path:
        if _KEY.fullmatch(key) is None or key.endswith(TEMPORARY):
            raise AssertionError(f"{key!r} is no key")
        return self._folder / key


class FileWriter:
    """A file that is being written."""

    def __init__(self, key: str, path: Path) -> None:
        self._key = key
        self._path = path
        self._turn = threading.Lock()  # a write may still run on its thread when the upload has been cancelled
        self._descriptor = os.open(_temporary(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
        self._size = 0
        self._written_back = 0

    def write(self, pieces: Sequence[bytes]) -> None:
        """Append bytes. Raises StorageFull, StorageWriteDenied, DataVanished."""
        with self._turn, _refusals():
            self._require_open()
            rest: list[bytes | memoryview] = list(pieces)
            while rest:
                written = os.writev(self._descriptor, rest[:PIECES])
                self._size += written
                while rest and written >= len(rest[0]):
                    written -= len(rest.pop(0))
                if written:
                    rest[0] = memoryview(rest[0])[written:]
            self._write_back()

    def commit(self) -> None:
        """Bring the bytes to disk, then name the file. Raises StorageFull, StorageWriteDenied, DataVanished."""
        with self._turn, _refusals():
            self._require_open()
            os.fsync(self._descriptor)
            self._close()
            try:
                _temporary(self._path).rename(self._path)
            except FileNotFoundError:
                raise DataVanished(key=self._key) from None
            _sync_folder(self._path.parent)

    def abort(self) -> None:
        """Remove the file, unless it has its name already."""
        with self._turn:
            self._close()
            _temporary(self._path).unlink(missing_ok=True)

    def _write_back(self) -> None:
        """Let the disk begin while the rest still comes in, so that `commit` has little left to wait for.

        Linux takes this advice as a reason to start writing what is dirty, and keeps such pages in its cache.
        """
        length = self._size - self._written_back
        if length >= WRITE_BACK_BYTES:
            os.posix_fadvise(self._descriptor, self._written_back, length, os.POSIX_FADV_DONTNEED)
            self._written_back = self._size

    def _require_open(self) -> None:
        if self._descriptor < 0:
            raise DataVanished(key=self._key)

    def _close(self) -> None:
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)


class FileReader:
    """A file that is being read."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def read(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`."""
        return os.pread(self._descriptor, length, offset)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)


def _temporary(path: Path) -> Path:
    return path.with_name(path.name + TEMPORARY)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _refusals() -> Iterator[None]:
    """Say in the house's words what the operating system refuses."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull from error
        if error.errno in _DENIED:
            raise StorageWriteDenied(reason=error.strerror) from error
        raise StorageBroken(reason=error.strerror) from error
