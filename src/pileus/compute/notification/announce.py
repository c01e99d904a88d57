"""Writing down what is to be told, in the transaction in which it happens: it is told if, and only if, that commits.

Who does something notes it (`Transaction.note`), and knows no formats; here a note becomes rows of the table
`notification`, as the last thing before COMMIT, when everything is as it will be. A loop tells what the rows say and
removes them, so a process that dies leaves nothing untold, and something told twice at worst.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from pileus.compute.db import host as hosts
from pileus.compute.db import notification as rows
from pileus.compute.db import server as servers
from pileus.compute.model.error.server import InstanceNotFound
from pileus.compute.model.host import DEFAULT_ZONE
from pileus.compute.model.news import ERROR, NounNews, ServerNews, StateBefore
from pileus.compute.model.server import ImageSnapshot, Server
from pileus.compute.notification import plain, versioned
from pileus.compute.notification.events import Event, events_of
from pileus.compute.settings import NotificationSettings
from pileus.kit import log
from pileus.kit.bus import notifier
from pileus.kit.clock import Clock
from pileus.kit.db import Transaction

logger = log.get_logger("pileus.compute.notification")

PLAIN, VERSIONED = "unversioned", "versioned"
_WITH_ARGUMENTS = ("resize", "migrate", "rescue", "rebuild", "createImage", "createBackup")

Arguments = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Seen:
    """A server as it will be once the transaction is committed, and its zone."""

    server: Server
    zone: str | None


class Announcer:
    """Turns the notes of a transaction into rows; for `Database.end_writes_with`."""

    def __init__(self, chosen: NotificationSettings, clock: Clock, *, hostname: str, image_root: str) -> None:
        self._chosen = chosen
        self._clock = clock
        self._hostname = hostname
        self._image_root = image_root

    def write(self, tx: Transaction) -> None:
        """Write down what is to be told of a transaction; what cannot be told does not keep it from being done."""
        seen: dict[str, _Seen | None] = {}
        before: dict[str, StateBefore] = {}
        for note in tx.notes or ():
            if isinstance(note, StateBefore):
                before.setdefault(note.server_id, note)
            else:
                self._tell(tx, note, seen)
        if self._chosen.notify_on_state_change:
            for one in before.values():
                self._tell(tx, one, seen)

    def _tell(self, tx: Transaction, note: object, seen: dict[str, _Seen | None]) -> None:
        try:
            if isinstance(note, ServerNews):
                self._tell_server(tx, note, _look(tx, seen, note.server_id))
            elif isinstance(note, StateBefore):
                self._tell_change(tx, note, _look(tx, seen, note.server_id))
            elif isinstance(note, NounNews):
                self._tell_noun(tx, note)
        except SQLAlchemyError:  # the transaction itself is in doubt
            raise
        except Exception:
            logger.exception("what happened could not be told", news=note)

    # --- servers ---

    def _tell_server(self, tx: Transaction, news: ServerNews, seen: _Seen | None) -> None:
        if seen is None:
            return
        arguments: Arguments = {}
        if news.workflow_id is not None and news.action in _WITH_ARGUMENTS:
            arguments = rows.workflow_arguments(tx, news.workflow_id)
        for event in events_of(news, seen.server):
            if event.versioned == "update":
                self._update(tx, news, seen, None)
            elif event.versioned == "exists":
                self._exists(tx, news, seen, arguments)
            else:
                self._event(tx, event, news, seen, arguments)

    def _event(self, tx: Transaction, event: Event, news: ServerNews, seen: _Seen, arguments: Arguments) -> None:
        phase = f".{event.phase}" if event.phase else ""
        priority = notifier.ERROR if event.phase == ERROR else notifier.INFO
        host, source = seen.server.host if event.source == "compute" else None, event.source
        if self._tells(PLAIN):
            payload = plain.of_server(seen.server, zone=seen.zone, image_root=self._image_root)
            payload |= plain.of_news(news, event, arguments)
            self._add(tx, PLAIN, f"compute.instance.{event.plain}{phase}", self._by(source, host), payload, priority)
        if self._tells(VERSIONED):
            document = versioned.of_event(event, news, seen.server, arguments, zone=seen.zone)
            publisher = f"nova-{source}:{host or self._hostname}"
            self._add(tx, VERSIONED, f"instance.{event.versioned}{phase}", publisher, document, priority)

    def _tell_change(self, tx: Transaction, before: StateBefore, seen: _Seen | None) -> None:
        if seen is None:
            return
        server, minds_task = seen.server, self._chosen.notify_on_state_change == "vm_and_task_state"
        is_told = before.vm_state != server.vm_state or before.name != server.name
        if is_told or (minds_task and before.task_state != server.task_state):
            news = ServerNews(server_id=server.id, action="update", phase=None)
            self._update(tx, news, seen, before)

    def _update(self, tx: Transaction, news: ServerNews, seen: _Seen, before: StateBefore | None) -> None:
        changes = plain.of_update(seen.server, before, self._clock.now())
        document = versioned.of_update(seen.server, news, changes, zone=seen.zone)
        self._say(tx, "update", self._hostname, seen, changes, document)

    def _exists(self, tx: Transaction, news: ServerNews, seen: _Seen, arguments: Arguments) -> None:
        period, old_image = plain.audit_period(self._clock.now()), arguments.get("old_image")
        if old_image is not None:
            seen = replace(seen, server=replace(seen.server, image=msgspec.convert(old_image, ImageSnapshot)))
        document = versioned.of_exists(seen.server, news, period, zone=seen.zone)
        self._say(tx, "exists", seen.server.host or self._hostname, seen, period, document)

    def _say(self, tx: Transaction, name: str, host: str, seen: _Seen, more: Arguments, document: Arguments) -> None:
        """Say something of a server that is about no action."""
        if self._tells(PLAIN):
            payload = {**plain.of_server(seen.server, zone=seen.zone, image_root=self._image_root), **more}
            self._add(tx, PLAIN, f"compute.instance.{name}", self._by("compute", host), payload)
        if self._tells(VERSIONED):
            self._add(tx, VERSIONED, f"instance.{name}", f"nova-compute:{host}", document)

    # --- other nouns ---

    def _tell_noun(self, tx: Transaction, news: NounNews) -> None:
        for format_, of_noun in ((PLAIN, plain.of_noun), (VERSIONED, versioned.of_noun)):
            for event_type, publisher, payload in of_noun(news, self._hostname) if self._tells(format_) else ():
                self._add(tx, format_, event_type, publisher, payload)

    # --- rows ---

    def _tells(self, format_: str) -> bool:
        return self._chosen.notification_format in (format_, "both")

    def _by(self, source: str, host: str | None) -> str:
        return f"{source}.{host or self._hostname}"

    def _add(
        self,
        tx: Transaction,
        format_: str,
        event_type: str,
        publisher: str,
        payload: Arguments,
        priority: str = notifier.INFO,
    ) -> None:
        now: datetime = self._clock.now()
        text = msgspec.json.encode(payload).decode()
        rows.add(tx, format_, event_type, publisher, priority, text, now)


def _look(tx: Transaction, seen: dict[str, _Seen | None], server_id: str) -> _Seen | None:
    """Return a server, read once in a transaction; None if it is forgotten."""
    if server_id not in seen:
        try:
            server = servers.get(tx, server_id, may_be_deleted=True)
        except InstanceNotFound:
            seen[server_id] = None
        else:
            zone = server.availability_zone
            if server.host is not None:
                zone = hosts.zones(tx).get(server.host, DEFAULT_ZONE)
            seen[server_id] = _Seen(server, zone)
    return seen[server_id]
