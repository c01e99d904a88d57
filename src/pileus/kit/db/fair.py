"""A lock that is handed over in the order in which it was asked for."""

from __future__ import annotations

import threading
from collections import deque
from types import TracebackType


class FairLock:
    """First come, first served.

    `threading.Lock` lets a thread that releases it take it again at once, so under load some writer waits for seconds.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._is_taken = False
        self._waiting: deque[threading.Lock] = deque()

    def __enter__(self) -> None:
        with self._guard:
            if not self._is_taken:
                self._is_taken = True
                return
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        try:
            turn.acquire()
        except BaseException:  # such as Ctrl-C: whose turn comes when nobody waits for it would keep it for ever
            with self._guard:
                was_waiting = turn in self._waiting
                if was_waiting:
                    self._waiting.remove(turn)
            if not was_waiting:
                self._pass_on()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pass_on()

    def _pass_on(self) -> None:
        with self._guard:
            self._is_taken = self._call_next()

    def _call_next(self) -> bool:
        """Give the lock to who has waited longest; tell whether anybody waits. The guard is held."""
        if self._waiting:
            self._waiting.popleft().release()
            return True
        return False
