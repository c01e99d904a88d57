"""What was read of the database, good until the next write of anybody."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

SIZE = 20_000


class Memory:
    """Values by key, of one generation of the rows; a newer generation begins with nothing.

    Threads share it without a lock: the worst that a race does is to forget.
    """

    def __init__(self, size: int = SIZE) -> None:
        self._size = size
        self._page: tuple[int, dict[Hashable, Any]] = (-1, {})

    def find(self, generation: int, key: Hashable) -> Any:
        """Return what is kept, or None."""
        known, values = self._page
        return values.get(key) if known == generation else None

    def keep(self, generation: int, key: Hashable, value: Any) -> None:
        """Keep what was read after `generation` was."""
        known, values = self._page
        if generation != known:  # also a lower one: a database that was restored counts from there
            values = {}
            self._page = (generation, values)
        if len(values) >= self._size:
            values.clear()
        values[key] = value
