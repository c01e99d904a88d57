"""Jobs that take turns: those of one server one after the other, as they came; those of others beside them."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from pileus.kit import log

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    Job = Callable[[], None]


logger = log.get_logger("pileus.agent.turns")


class Turns:
    """Queues by key on one pool. A key that has nothing to do takes no room, and one that waits takes no thread."""

    def __init__(self, pool: Executor) -> None:
        self._pool = pool
        self._guard = threading.Lock()
        self._waiting: dict[str, deque[Job]] = {}  # a key is there while a job of it runs

    def submit(self, key: str, job: Job) -> None:
        """Have a job done after those of its key that came before."""
        with self._guard:
            if key in self._waiting:
                self._waiting[key].append(job)
                return
            self._waiting[key] = deque()
        self._pool.submit(self._run, key, job)

    def drop(self) -> None:
        """Forget the jobs that have not begun behind another."""
        with self._guard:
            for jobs in self._waiting.values():
                jobs.clear()

    def _run(self, key: str, job: Job) -> None:
        following: Job | None = job
        while following is not None:
            try:
                following()
            except Exception:
                logger.exception("a job failed", key=key)  # those behind it must go on
            following = self._next(key)

    def _next(self, key: str) -> Job | None:
        with self._guard:
            if self._waiting[key]:
                return self._waiting[key].popleft()
            del self._waiting[key]
            return None
