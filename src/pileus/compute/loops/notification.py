"""Telling what was written down to be told. A row goes when the broker has what it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, wait

import msgspec

from pileus.compute.db import notification as rows
from pileus.kit import log
from pileus.kit.bus.notifier import Notification, SureNotifier
from pileus.kit.db import Database, Row

logger = log.get_logger("pileus.compute.notification")

BATCH = 100
WAIT_S = 5.0  # for the broker, in one round


class Teller:
    """Sends the oldest rows first. What the broker has not taken yet is not sent again by this process."""

    def __init__(self, database: Database, notifiers: Mapping[str, SureNotifier], max_kept: int) -> None:
        self._database = database
        self._notifiers = notifiers  # by format
        self._max_kept = max_kept
        self._on_the_way: dict[int, Sequence[Future[None]]] = {}
        self._dropped = 0  # since the broker went away

    def run(self) -> None:
        """Tell what there is, for as long as the broker takes it."""
        while self._tell_some():
            pass
        if self._on_the_way:
            self._drop_oldest()
        elif self._dropped:
            logger.warning("the broker is back; what was dropped is told to nobody", dropped=self._dropped)
            self._dropped = 0

    def _drop_oldest(self) -> None:
        """Keep no more than is to be kept, beside what is on its way."""
        dropped = self._database.write(rows.delete_oldest, self._max_kept, max(self._on_the_way))
        if dropped and not self._dropped:
            logger.warning("more notifications wait for the broker than are kept: the oldest are dropped")
        self._dropped += dropped

    def _tell_some(self) -> bool:
        """Tell a batch; return whether there may be more that the broker takes."""
        with self._database.read() as tx:
            found = rows.list_first(tx, BATCH)
        for row in found:
            if row.number not in self._on_the_way:
                self._on_the_way[row.number] = self._send(row)
        wait([future for futures in self._on_the_way.values() for future in futures], WAIT_S)
        told = [number for number, futures in self._on_the_way.items() if all(future.done() for future in futures)]
        if told:
            self._database.write(rows.delete, told)
        for number in told:
            del self._on_the_way[number]
        return len(found) == BATCH and not self._on_the_way

    def _send(self, row: Row) -> Sequence[Future[None]]:
        notifier = self._notifiers.get(row.format)
        if notifier is None:  # of a format that the settings no longer ask for
            return ()
        notification = Notification(
            event_type=row.event_type,
            payload=msgspec.json.decode(row.payload),
            priority=row.priority,
            publisher=row.publisher,
            message_id=row.message_id,
            moment=row.created_at,
        )
        return notifier.send(notification)
