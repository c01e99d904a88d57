"""A world in which everything is written down that somebody would be told of."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pileus.compute.db.tables import NOTIFICATION
from pileus.compute.notification.announce import Announcer
from pileus.compute.settings import NotificationSettings

if TYPE_CHECKING:
    from tests.compute.world import World


@dataclass(frozen=True)
class Row:
    type: str
    publisher: str
    priority: str
    payload: dict[str, Any]

    @property
    def data(self) -> dict[str, Any]:
        return dict(self.payload["nova_object.data"])


class Told:
    def __init__(self, world: World) -> None:
        self.world = world
        self.listen()

    def listen(self, format_: Any = "both", on_state_change: Any = "") -> None:
        """From now on what happens is told in this format."""
        chosen = NotificationSettings(notification_format=format_, notify_on_state_change=on_state_change)
        announcer = Announcer(chosen, self.world.clock, hostname="control", image_root="http://image")
        self.world.database.end_writes_with(announcer.write)

    def rows(self, format_: str = "unversioned") -> list[Row]:
        """What is still to be told."""
        with self.world.database.read() as tx:
            found = tx.all(
                NOTIFICATION.select().where(NOTIFICATION.c.format == format_).order_by(NOTIFICATION.c.number)
            )
        return [Row(row.event_type, row.publisher, row.priority, json.loads(row.payload)) for row in found]

    def forget(self) -> None:
        self.world.database.write(lambda tx: tx.execute(NOTIFICATION.delete()))

    def types(self, format_: str = "unversioned") -> list[str]:
        """What is to be told of servers, in short; and it is forgotten."""
        prefix = "compute.instance." if format_ == "unversioned" else "instance."
        return [row.type.removeprefix(prefix) for row in self.rows(format_) if row.type.startswith(prefix)]

    def both(self) -> tuple[list[str], list[str]]:
        found = self.types(), self.types("versioned")
        self.forget()
        return found

    def admin(self, method: str, path: str, body: Any = None, version: str = "2.100") -> Any:
        reply = self.world.call("compute", method, f"/v2.1{path}", body, is_admin=True, version=version)
        assert reply.status < 300, reply.body
        return reply.decoded() if reply.body else None
