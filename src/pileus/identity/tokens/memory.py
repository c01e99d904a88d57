"""What was read of the database, good until the next write of anybody."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

SIZE = 20_000


class _Page:
    """What is kept of one generation: `old` is what there was when `new` was begun, and goes when that is full too."""

    __slots__ = ("generation", "new", "old")

    def __init__(self, generation: int, old: dict[Hashable, Any]) -> None:
        self.generation = generation
        self.old = old
        self.new: dict[Hashable, Any] = {}


class Memory:
    """Values by key, of one generation of the rows; a newer generation begins with nothing.

    What was not asked for lately makes room for what is. Threads share it without a lock: the worst that a race does is
    to forget.
    """

    def __init__(self, size: int = SIZE) -> None:
        self._half = max(size // 2, 1)
        self._page = _Page(-1, {})

    def find(self, generation: int, key: Hashable) -> Any:
        """Return what is kept, or None."""
        page = self._page
        if page.generation != generation:
            return None
        value = page.new.get(key)
        if value is None and (value := page.old.get(key)) is not None:
            self.keep(generation, key, value)
        return value

    def keep(self, generation: int, key: Hashable, value: Any) -> None:
        """Keep what was read after `generation` was."""
        page = self._page
        if generation != page.generation:  # also a lower one: a database that was restored counts from there
            page = self._page = _Page(generation, {})
        elif len(page.new) >= self._half:
            page = self._page = _Page(generation, page.new)
        page.new[key] = value
