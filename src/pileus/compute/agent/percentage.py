"""How far bytes are that an agent moves, told as seldom as somebody who watches can bear."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PAUSE_S = 1.0


class Telling:
    """Takes how many bytes have moved, and tells how many in a hundred: once a second, and only when it is more.

    What is done within the first second is not told of at all.
    """

    def __init__(self, tell: Callable[[int], None]) -> None:
        self._tell = tell
        self._told = 0
        self._told_at = time.monotonic()

    def __call__(self, moved_bytes: int, whole_bytes: int) -> None:
        """Tell of it, if it is time."""
        now = time.monotonic()
        if now - self._told_at < PAUSE_S or not whole_bytes:
            return
        percent = min(100 * moved_bytes // whole_bytes, 100)
        if percent > self._told:
            self._told, self._told_at = percent, now
            self._tell(percent)


def silence(moved_bytes: int, whole_bytes: int) -> None:
    """Tell nobody."""
