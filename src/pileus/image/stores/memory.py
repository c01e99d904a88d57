"""A store in memory, for tests and for trying things out."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pileus.image.model.errors import DataMissing, DataVanished, StorageFull
from pileus.kit.calling import Run


class MemoryStore:
    """Objects in a dictionary, up to a capacity in bytes."""

    kind = "memory"
    schemes: frozenset[str] = frozenset()
    is_read_only = False
    run: Run | None = None

    def __init__(self, name: str, capacity_bytes: int = 2**30) -> None:
        self._name = name
        self._capacity_bytes = capacity_bytes
        self._guard = threading.Lock()
        self._whole: dict[str, bytes] = {}
        self._partial: dict[str, bytearray] = {}

    def create(self, key: str, size_bytes: int | None) -> MemoryWriter:
        """Begin an object. Raises StorageFull if the announced size will not fit."""
        if size_bytes is not None and size_bytes > self._free_bytes():
            raise StorageFull
        with self._guard:
            self._partial[key] = bytearray()
        return MemoryWriter(self, key)

    def open(self, key: str) -> MemoryReader:
        """Return a reader. Raises DataMissing."""
        return MemoryReader(self._get(key))

    def size(self, key: str) -> int:
        """Return an object's size in bytes. Raises DataMissing."""
        return len(self._get(key))

    def path(self, key: str) -> Path | None:  # noqa: ARG002
        """There is no file."""
        return None

    def url(self, key: str) -> str:
        """Return what stands for the object."""
        return f"memory://{self._name}/{key}"

    def properties(self) -> Mapping[str, Any]:
        """Return the capacity."""
        return {"capacity_bytes": self._capacity_bytes}

    def delete(self, key: str) -> None:
        """Forget an object."""
        with self._guard:
            self._whole.pop(key, None)
            self._partial.pop(key, None)

    def keys(self) -> Iterator[str] | None:
        """Return the keys."""
        with self._guard:
            return iter([*self._whole, *self._partial])

    def claim(self, *, is_new: bool) -> None:
        """There is only one place."""

    def problem(self) -> str | None:
        """Nothing is ever wrong with memory."""
        return None

    def append(self, key: str, pieces: Sequence[bytes]) -> None:
        """Append to an object that is being written. Raises StorageFull."""
        if sum(map(len, pieces)) > self._free_bytes():
            raise StorageFull
        with self._guard:
            if key in self._partial:
                for piece in pieces:
                    self._partial[key] += piece

    def finish(self, key: str) -> None:
        """Make an object readable. Raises DataVanished if it was deleted."""
        with self._guard:
            if key not in self._partial:
                raise DataVanished(key=key)
            self._whole[key] = bytes(self._partial.pop(key))

    def drop_partial(self, key: str) -> None:
        """Forget an object that is being written."""
        with self._guard:
            self._partial.pop(key, None)

    def _get(self, key: str) -> bytes:
        with self._guard:
            if key not in self._whole:
                raise DataMissing(store=self._name, key=key)
            return self._whole[key]

    def _free_bytes(self) -> int:
        with self._guard:
            return self._capacity_bytes - sum(map(len, [*self._whole.values(), *self._partial.values()]))


class MemoryWriter:
    """An object that is being written."""

    def __init__(self, store: MemoryStore, key: str) -> None:
        self._store = store
        self._key = key

    def write(self, pieces: Sequence[bytes]) -> None:
        """Append bytes. Raises StorageFull."""
        self._store.append(self._key, pieces)

    def commit(self) -> None:
        """Make the object readable. Raises DataVanished."""
        self._store.finish(self._key)

    def abort(self) -> None:
        """Forget the object, unless it is whole."""
        self._store.drop_partial(self._key)


class MemoryReader:
    """An object that is being read."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`."""
        return self._data[offset : offset + length]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None
