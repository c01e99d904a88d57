"""Sets of slots of a page as integers: bit n is set if slot n is in the set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
"""The same set as an array: element n is true if slot n is in it."""


def of_mask(mask: Mask) -> int:
    """Return a mask as an integer."""
    return int.from_bytes(np.packbits(mask, bitorder="little").tobytes(), "little")


def of_slots(slots: Sequence[int], length: int) -> int:
    """Return slots as a set, of which none is as great as some length, a multiple of eight."""
    mask = np.zeros(length, np.bool_)
    mask[np.array(slots, np.int32)] = True
    return of_mask(mask)


def to_mask(bits: int, length: int) -> Mask:
    """Return an integer as a mask of some length, a multiple of eight."""
    packed = np.frombuffer(bits.to_bytes(length // 8, "little"), dtype=np.uint8)
    return np.unpackbits(packed, bitorder="little").view(np.bool_)


def slots(bits: int, length: int) -> list[int]:
    """Return the slots of a set in order."""
    if bits.bit_count() <= 4:  # unpacking costs more than this
        return _few_slots(bits)
    found: Any = np.flatnonzero(to_mask(bits, length))
    return found.tolist()  # type: ignore[no-any-return]


def _few_slots(bits: int) -> list[int]:
    found = []
    while bits:
        lowest = bits & -bits
        found.append(lowest.bit_length() - 1)
        bits ^= lowest
    return found
