"""Long lists in statements: databases limit the parameters of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

BATCH = 1000

K = TypeVar("K")


def batches(keys: Sequence[K]) -> Iterator[Sequence[K]]:
    """Cut a long list."""
    for start in range(0, len(keys), BATCH):
        yield keys[start : start + BATCH]
