"""What waits to be sent while the broker is away or busy: bounded, and nothing in it gets old."""

from __future__ import annotations

import threading
import time
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Letter:
    """A message on its way out."""

    address: str
    body: bytes = field(repr=False)  # it may hold a token
    deadline: float  # of time.monotonic(): nobody wants it after that
    question: str | None = None  # an id, if this wants an answer
    answers: str | None = None  # the id of the question that this answers
    taken: Future[None] | None = field(default=None, repr=False)  # done once the broker has it

    @property
    def left_s(self) -> float:
        """How long anybody still wants it, in seconds."""
        return self.deadline - time.monotonic()


class Outbox:
    """Letters in the order in which they came. When it is full the oldest gives way: it is nearest to its deadline."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._letters: deque[Letter] = deque()
        self._guard = threading.Lock()
        self._lost = 0

    def __len__(self) -> int:
        return len(self._letters)

    def put(self, letter: Letter) -> bool:
        """Add a letter; tell whether this is the first for which another had to give way."""
        with self._guard:
            self._letters.append(letter)
            if len(self._letters) <= self._size:
                return False
            self._letters.popleft()
            self._lost += 1
            return self._lost == 1

    def put_back(self, letter: Letter) -> None:
        """Add a letter that could not be sent, before all others."""
        with self._guard:
            if len(self._letters) < self._size:
                self._letters.appendleft(letter)
            else:
                self._lost += 1

    def take(self) -> Letter | None:
        """Return the next letter that somebody still wants."""
        with self._guard:
            while self._letters:
                letter = self._letters.popleft()
                if letter.left_s > 0:
                    return letter
                self._lost += 1
        return None

    def count_lost(self) -> int:
        """Return how many letters were never sent since this was last asked."""
        with self._guard:
            lost, self._lost = self._lost, 0
        return lost
