"""Putting right what a process left behind that died with an upload, or before it had deleted some bytes."""

from __future__ import annotations

from collections.abc import Mapping

from pileus.image.db import upload as uploads
from pileus.image.operations import upload as operation
from pileus.image.stores.store import Store
from pileus.kit import log
from pileus.kit.clock import Clock
from pileus.kit.db import Database

logger = log.get_logger("pileus.image.repair")


class Repair:
    """One round: give up uploads whose receivers are dead, and delete bytes that nobody wants."""

    def __init__(self, database: Database, stores: Mapping[str, Store], clock: Clock) -> None:
        self._database = database
        self._stores = stores
        self._clock = clock

    def round(self) -> None:
        """Do what there is to do."""
        with self._database.read() as tx:
            expired = uploads.list_expired(tx, self._clock.now())
        for upload in expired:
            if self._database.write(operation.abandon_expired, upload, self._clock.now()):
                logger.warning("an upload was given up", image_id=upload.image_id, upload_id=upload.id)
        with self._database.read() as tx:
            discarded = uploads.list_discarded(tx)
        for location in discarded:
            operation.sweep(self._database, self._stores, location)
