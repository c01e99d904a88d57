"""Those who watch servers by this process: how many there may be, and their end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pileus.kit.errors import Unavailable

MOST_READERS = 500


class TooManyReaders(Unavailable):
    """More streams are open than one process serves, or it is about to end."""

    message = "No more streams of events are served here now. Try again later."


class Watching:
    """Counts the open streams of events; they end soon after it is closed, so that a stop waits for none of them."""

    def __init__(self, most: int = MOST_READERS) -> None:
        self._most = most
        self._count = 0
        self.is_closed = False

    def require_room(self) -> None:
        """Raise TooManyReaders if nobody more may watch."""
        if self.is_closed or self._count >= self._most:
            raise TooManyReaders(retry_after_s=5)

    @contextmanager
    def reader(self) -> Iterator[None]:
        """Count one more for as long as this lasts; on the event loop's thread."""
        self._count += 1
        try:
            yield
        finally:
            self._count -= 1

    def close(self) -> None:
        """Have all streams end."""
        self.is_closed = True
