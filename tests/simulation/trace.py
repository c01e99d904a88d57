"""What happened in a simulation, in order: its fingerprint tells two runs apart, and its end why one failed."""

from __future__ import annotations

import hashlib
import random
import uuid
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

LAST_EVENTS = 60


class Trace:
    """Everything that happened, a line each."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._lines: list[str] = []
        self.counts: Counter[str] = Counter()

    def add(self, now: datetime, kind: str, detail: str = "") -> None:
        """Write down an event."""
        line = f"{now:%H:%M:%S.%f} {kind} {detail}".rstrip()
        self._digest.update(line.encode())
        self._lines.append(line)
        self.counts[kind] += 1

    @property
    def fingerprint(self) -> str:
        return self._digest.hexdigest()

    def tell(self, about: str) -> str:
        """Return the last events, a line each, or all of them that name something."""
        return "\n".join([line for line in self._lines if about in line] if about else self._lines[-LAST_EVENTS:])


@contextmanager
def seeded_ids(seed: int) -> Iterator[None]:
    """Let identifiers come of a seed too: what is sorted by them is then sorted alike in each run."""
    chance, unseeded = random.Random(seed), uuid.uuid4  # noqa: S311 (it shall be repeatable)
    uuid.uuid4 = lambda: uuid.UUID(int=chance.getrandbits(128), version=4)
    try:
        yield
    finally:
        uuid.uuid4 = unseeded
