"""A store that takes its time, may fail on the way, and counts who reads."""

from __future__ import annotations

import time

from pileus.image.stores.memory import MemoryReader, MemoryStore


class SlowStore(MemoryStore):
    """A store in memory that gives at most a mebibyte at a time, after a pause."""

    def __init__(self, name: str, *, pause_s: float = 0.05, fails_at: int | None = None) -> None:
        super().__init__(name)
        self.pause_s = pause_s
        self.fails_at = fails_at  # the byte at which the first reader breaks
        self.opened = 0

    def open(self, key: str) -> SlowReader:
        """Return a reader."""
        self.opened += 1
        return SlowReader(self._get(key), self.pause_s, self.fails_at if self.opened == 1 else None)


class SlowReader(MemoryReader):
    """Reads slowly."""

    def __init__(self, data: bytes, pause_s: float, fails_at: int | None) -> None:
        super().__init__(data)
        self._pause_s = pause_s
        self._fails_at = fails_at

    def read(self, offset: int, length: int) -> bytes:
        """Return bytes. Raises OSError where the store fails."""
        time.sleep(self._pause_s)
        end = offset + min(length, 2**20)
        if self._fails_at is not None and end > self._fails_at:
            raise OSError("the store broke down")
        return super().read(offset, end - offset)
