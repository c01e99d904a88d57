"""Holding an image's bytes against the digest that their vendor publishes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from pileus.image.model.digest import Digest

READ_BYTES = 2**20


class DigestCheck:
    """Hashes bytes as they pass."""

    def __init__(self, expected: Digest) -> None:
        self._expected = expected
        self._hash = hashlib.new(expected.algorithm, usedforsecurity=False)

    def look(self, pieces: Sequence[bytes]) -> None:
        """Take the next bytes."""
        for piece in pieces:
            self._hash.update(piece)

    def conclude(self) -> None:
        """Raise DigestMismatch unless the bytes had the digest."""
        self._expected.require(self._hash.hexdigest())


def require_file(path: Path, expected: Digest) -> None:
    """Raise DigestMismatch unless a file has the digest."""
    check = DigestCheck(expected)
    with path.open("rb") as file:
        while piece := file.read(READ_BYTES):
            check.look([piece])
    check.conclude()
