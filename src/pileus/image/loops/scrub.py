"""Removing deleted images whose time is up, and their bytes.

All scrubbers of a cloud have one queue, which is in the database; whoever has the lease works on it. A scrubber that
dies leaves the rest of the queue to the next, and bytes that it no longer got at to the repair.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from pileus.image.db import pending
from pileus.image.operations import scrub as operation
from pileus.image.operations import upload as uploads
from pileus.image.stores.store import Store
from pileus.kit import log
from pileus.kit.clock import Clock
from pileus.kit.db import Database
from pileus.kit.lease import Leases

logger = log.get_logger("pileus.image.scrub")

LEASE = "image-scrub"
LEASE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrubbed:
    """What one look at the queue came to."""

    is_others_turn: bool = False  # another scrubber is at work
    image_ids: Sequence[str] = ()
    failed_ids: Sequence[str] = ()  # whose bytes could not be deleted yet


class Scrubber:
    """Works on the queue, some images at a time."""

    def __init__(
        self,
        database: Database,
        stores: Mapping[str, Store],
        leases: Leases,
        clock: Clock,
        *,
        keep_s: float,
        pool_size: int,
    ) -> None:
        self._database = database
        self._stores = stores
        self._leases = leases
        self._clock = clock
        self._keep = timedelta(seconds=keep_s)
        self._pool_size = pool_size

    def round(self) -> None:
        """Scrub what is due, unless another scrubber does."""
        for image_id in self.scrub().image_ids:
            logger.info("an image was scrubbed", image_id=image_id)

    def scrub(self) -> Scrubbed:
        """Scrub what is due, unless another scrubber does; tell what came of it."""
        if not self._leases.take(LEASE, LEASE_S):
            return Scrubbed(is_others_turn=True)
        try:
            return self._scrub_due()
        finally:
            self._leases.release(LEASE)

    def _scrub_due(self) -> Scrubbed:
        with self._database.read() as tx:
            due = iter(pending.list_due(tx, self._clock.now() - self._keep))
        done: dict[str, bool | None] = {}
        with ThreadPoolExecutor(self._pool_size, "scrub") as pool:
            while some := list(islice(due, self._pool_size)):
                if not self._leases.take(LEASE, LEASE_S):
                    break
                done |= zip(some, pool.map(self._scrub, some), strict=True)
        return Scrubbed(
            image_ids=[image_id for image_id, is_done in done.items() if is_done],
            failed_ids=[image_id for image_id, is_done in done.items() if is_done is False],
        )

    def _scrub(self, image_id: str) -> bool | None:
        """Remove an image; tell whether its bytes are gone too, or None if it was restored or is gone already."""
        locations = self._database.write(operation.scrub, image_id, self._clock.now())
        if locations is None:
            return None
        return not [each for each in locations if not uploads.sweep(self._database, self._stores, each)]
