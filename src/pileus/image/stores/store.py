"""Where images' bytes are kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from pileus.kit.calling import Run


class Writer(Protocol):
    """New bytes on their way into a store. They are either whole or not there at all."""

    def write(self, pieces: Sequence[bytes]) -> None:
        """Append bytes. Raises StorageFull, StorageWriteDenied."""

    def commit(self) -> None:
        """Make the bytes readable under their key, and durable. Raises StorageFull, StorageWriteDenied, DataVanished.

        DataVanished: somebody has deleted the key meanwhile.
        """

    def abort(self) -> None:
        """Leave nothing behind. Does nothing after `commit` or `abort`; waits for a `write` that is running."""


class Reader(Protocol):
    """Bytes on their way out."""

    def read(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Store(Protocol):
    """A place that keeps objects of bytes under keys: names of letters, digits, dots and dashes."""

    kind: str  # the name of the implementation, as callers see it
    schemes: frozenset[str]  # of URLs that callers may say an image's bytes lie at, and that are keys here
    is_read_only: bool  # it holds what others keep
    run: Run | None  # calls what touches an object's file, if that may hang

    def create(self, key: str, size_bytes: int | None) -> Writer:
        """Begin a new object, whose size may be known. Raises StorageFull, StorageWriteDenied."""

    def open(self, key: str) -> Reader:
        """Return a reader. Raises DataMissing."""

    def size(self, key: str) -> int:
        """Return an object's size in bytes. Raises DataMissing."""

    def path(self, key: str) -> Path | None:
        """Return the local file that holds just the object's bytes, if the store works that way."""

    def url(self, key: str) -> str:
        """Return where an object is, for those who may know, without asking anybody. It holds no secret of ours."""

    def properties(self) -> Mapping[str, Any]:
        """Return how the store is set up, as administrators see it."""

    def delete(self, key: str) -> None:
        """Delete an object, or what there is of one that is still being written. It may be gone already."""

    def keys(self) -> Iterator[str] | None:
        """Return the keys of all objects, of unfinished ones too; None if that is not to be had of this store."""

    def claim(self, *, is_new: bool) -> None:
        """Know the place again from now on, and refuse another; mark it first if it is the store's since now.

        Raises StorageFull, StorageWriteDenied, StorageBroken.
        """

    def problem(self) -> str | None:
        """Return what is wrong with the store, or None."""
