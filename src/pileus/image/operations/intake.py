"""Taking in an image's bytes: into the store, through two hashes and past the inspection, in parallel.

The lanes of an intake are plain functions that may run at the same time on threads of their own; each takes the same
pieces in the same order. Hashing and writing let go of the interpreter, so two cores do twice the work. An image of
which a digest is expected, or that is signed, has a lane more for each.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from pileus.image.formats.check import Check
from pileus.image.formats.inspection import DEFAULT_RULES, Inspection, Rules
from pileus.image.model.errors import ImageTooLarge
from pileus.image.model.image import HASH_ALGORITHM, Image
from pileus.image.model.upload import Received, require_size
from pileus.image.operations.quota import Reserve, without_end
from pileus.image.stores.store import Writer

R_co = TypeVar("R_co", covariant=True)
Lane = Callable[[Sequence[bytes]], None]
INSPECTABLE_CONTAINER = "bare"


class Receiver(Protocol[R_co]):
    """Takes bytes in, by lanes that may run at the same time."""

    lanes: tuple[Lane, ...]

    def finish(self) -> R_co:
        """Make the bytes durable and say what is known of them."""

    def abort(self) -> None:
        """Leave nothing of them."""


class Counted:
    """A writer that takes no more than one image may have, and has room reserved before it writes."""

    def __init__(
        self,
        writer: Writer,
        *,
        expected_bytes: int | None,
        limit_bytes: int,
        reserved_bytes: int = 0,
        reserve: Reserve = without_end,
    ) -> None:
        self._writer = writer
        self._expected_bytes = expected_bytes
        self._limit_bytes = limit_bytes
        self._reserved_bytes = reserved_bytes
        self._reserve = reserve
        self.size = 0

    def write(self, pieces: Sequence[bytes]) -> None:
        """Append bytes. Raises ImageTooLarge, StorageFull, or what has no room to reserve."""
        self.size += sum(map(len, pieces))
        if self.size > self._limit_bytes:
            raise ImageTooLarge(limit=self._limit_bytes)
        if self.size > self._reserved_bytes:
            self._reserved_bytes = self._reserve(self.size)
        self._writer.write(pieces)

    def require_whole(self) -> None:
        """Raise SizeMismatch if other than the announced number of bytes came."""
        require_size(self._expected_bytes, self.size)

    def commit(self) -> None:
        """Make the bytes readable, and durable. Raises StorageFull."""
        self._writer.commit()

    def abort(self) -> None:
        """Leave nothing of them."""
        self._writer.abort()


class Intake:
    """The bytes of one upload."""

    def __init__(
        self,
        image: Image,
        writer: Writer,
        *,
        expected_bytes: int | None,
        limit_bytes: int,
        rules: Rules = DEFAULT_RULES,
        checks: Sequence[Check] = (),
        reserved_bytes: int = 0,
        reserve: Reserve = without_end,
    ) -> None:
        self._image = image
        self._bytes = Counted(
            writer,
            expected_bytes=expected_bytes,
            limit_bytes=limit_bytes,
            reserved_bytes=reserved_bytes,
            reserve=reserve,
        )
        self._checksum = hashlib.md5(usedforsecurity=False)
        self._hash = hashlib.new(HASH_ALGORITHM)
        self._inspection = Inspection(rules) if image.container_format == INSPECTABLE_CONTAINER else None
        self._checks = checks
        self.lanes: tuple[Lane, ...] = (self._sum, self._digest, self._store, *(check.look for check in checks))

    def finish(self) -> Received:
        """Make the bytes durable and say what is known of them.

        Raises SizeMismatch, DataRefused, DigestMismatch, SignatureRefused, StorageFull.
        """
        self._bytes.require_whole()
        for check in self._checks:
            check.conclude()
        virtual_size = self._conclude()
        self._bytes.commit()
        return Received(
            size=self._bytes.size,
            checksum=self._checksum.hexdigest(),
            os_hash_algo=HASH_ALGORITHM,
            os_hash_value=self._hash.hexdigest(),
            virtual_size=virtual_size,
        )

    def abort(self) -> None:
        """Leave nothing in the store."""
        self._bytes.abort()

    def _sum(self, pieces: Sequence[bytes]) -> None:
        for piece in pieces:
            self._checksum.update(piece)

    def _digest(self, pieces: Sequence[bytes]) -> None:
        for piece in pieces:
            self._hash.update(piece)

    def _store(self, pieces: Sequence[bytes]) -> None:
        self._bytes.write(pieces)
        if self._inspection is not None:
            self._inspection.look(pieces)

    def _conclude(self) -> int | None:
        if self._inspection is None or self._image.disk_format is None:
            return None
        return self._inspection.conclude(self._image.disk_format, self._bytes.size)
