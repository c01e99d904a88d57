"""Those who watch servers by this process: how many there may be, and their end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from pileus.kit.errors import Unavailable

MOST_READERS = 500
MOST_OF_ONE = 20  # of one user: the others shall have room too


class TooManyReaders(Unavailable):
    """More streams are open than one process serves, or serves to one user, or it is about to end."""

    message = "No more streams of events are served here now. Try again later."


class Watching:
    """Counts the open streams of events; they end soon after it is closed, so that a stop waits for none of them."""

    def __init__(self, most: int = MOST_READERS, most_of_one: int = MOST_OF_ONE) -> None:
        self._most = most
        self._most_of_one = most_of_one
        self._readers: Counter[str] = Counter()
        self.is_closed = False

    def require_room(self, user_id: str) -> None:
        """Raise TooManyReaders if a user may watch no more."""
        if self.is_closed or self._readers.total() >= self._most or self._readers[user_id] >= self._most_of_one:
            raise TooManyReaders(retry_after_s=5)

    @contextmanager
    def reader(self, user_id: str) -> Iterator[None]:
        """Count one more of a user for as long as this lasts; on the event loop's thread."""
        self._readers[user_id] += 1
        try:
            yield
        finally:
            self._readers[user_id] -= 1
            self._readers += Counter()  # who watches no more is not kept

    def close(self) -> None:
        """Have all streams end."""
        self.is_closed = True
