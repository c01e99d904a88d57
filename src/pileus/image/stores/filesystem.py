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
MARK = "_pileus_store"  # which is no key
_MARK_TEXT = (
    "This folder is a store of Pileus' image service. Whoever moves the images moves this file with them:\n"
    "without it the service takes the folder for one whose disk is not mounted.\n"
)
WRITE_BACK_BYTES = 16 * 2**20
FORGET_BEHIND_BYTES = 2 * WRITE_BACK_BYTES  # what the disk has had time for
CHUNK_BYTES = 4 * 2**20  # what is written at once
PIECES = 512  # which is well below what one writev() takes
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}


class FilesystemStore:
    """Objects as files of one folder, which is made if it is not there.

    What is written stays in the memory of the operating system only if it `is_read_soon`. An image may be larger than
    that memory, and would drive out what is read again and again; and to fill pages that nobody used lately takes a
    virtual machine, whose host has taken them back, longer than to hash what goes into them.
    """

    kind = "file"
    schemes: frozenset[str] = frozenset()  # nobody may name our files
    is_read_only = False
    run: Run | None = None

    def __init__(self, name: str, folder: Path, *, is_read_soon: bool = False) -> None:
        self._name = name
        self._folder = folder
        self._is_read_soon = is_read_soon
        self._is_claimed = False
        folder.mkdir(parents=True, exist_ok=True)

    def create(self, key: str, size_bytes: int | None) -> FileWriter:
        """Begin a file.

        Raises StorageFull (also if the announced size will not fit), StorageWriteDenied, StorageBroken.
        """
        path = self._path(key)
        with _refusals():
            self._require_folder()
            if size_bytes is not None and size_bytes > self._free_bytes():
                raise StorageFull
            return FileWriter(key, path, is_read_soon=self._is_read_soon)

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
        """Return the names of the files, without what others have put there under names that are no keys.

        Raises StorageBroken.
        """
        self._require_folder()
        with os.scandir(self._folder) as entries:
            names = [entry.name.removesuffix(TEMPORARY) for entry in entries if entry.is_file(follow_symlinks=False)]
        return (name for name in names if _KEY.fullmatch(name))

    def claim(self, *, is_new: bool) -> None:
        """Take no folder without the mark for this one from now on. Raises StorageFull, StorageWriteDenied."""
        self._is_claimed = True
        if is_new and self._is_unmarked():
            with _refusals(), (self._folder / MARK).open("w") as mark:
                mark.write(_MARK_TEXT)
                mark.flush()
                os.fsync(mark.fileno())
                _sync_folder(self._folder)

    def problem(self) -> str | None:
        """Return what is wrong with the folder, or None."""
        if self._is_unmarked():
            return (
                f"the folder {self._folder} has lost its file {MARK}: mount its disk; or, if this is the right folder "
                f"and the images in it are all there are, make the file: touch {self._folder / MARK}"
            )
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
        if self._is_unmarked():
            raise StorageBroken(reason=f"the folder of {self._name} is not the one that it was")

    def _is_unmarked(self) -> bool:
        # As a mark that cannot be seen counts one that cannot be looked for, on a disk that fails: no error of ours.
        return self._is_claimed and not os.path.exists(self._folder / MARK)  # noqa: PTH110

    def _free_bytes(self) -> int:
        numbers = os.statvfs(self._folder)
        return numbers.f_bavail * numbers.f_frsize

    def _path(self, key: str) -> Path:
        if _KEY.fullmatch(key) is None or key.endswith(TEMPORARY):
            raise AssertionError(f"{key!r} is no key")
        return self._folder / key


class FileWriter:
    """A file that is being written."""

    def __init__(self, key: str, path: Path, *, is_read_soon: bool) -> None:
        self._key = key
        self._path = path
        self._forgotten_behind = 0 if is_read_soon else FORGET_BEHIND_BYTES
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

        Linux takes this advice as a reason to start writing what is dirty, which stays in its cache, and to forget what
        the disk has already: of what was written before, unless it is read soon.
        """
        if self._size - self._written_back >= WRITE_BACK_BYTES:
            start = max(0, self._written_back - self._forgotten_behind)
            os.posix_fadvise(self._descriptor, start, self._size - start, os.POSIX_FADV_DONTNEED)
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
