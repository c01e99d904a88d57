"""Telling whoever listens what has happened, in the envelope that oslo.messaging's listeners open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import msgspec

from pileus.kit import ids

VERSION = "2.0"  # of the envelope

INFO = "INFO"  # something was done
ERROR = "ERROR"  # something could not be done

Payload = Mapping[str, Any] | str


class Notifier(Protocol):
    """Sends notifications. Nobody waits for them, and nobody may depend on their arrival."""

    def notify(self, event_type: str, payload: Payload, priority: str = INFO) -> None:
        """Send one without waiting; `event_type` is like `identity.user.created`. Listeners choose priorities."""

    def close(self) -> None:
        """Send what is still to be sent, for a moment, and end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One notification with all that its envelope says."""

    event_type: str
    payload: Payload
    priority: str
    publisher: str  # like `compute.HOST`
    message_id: str
    moment: datetime


class SureNotifier(Notifier, Protocol):
    """One that also says when the broker has what it was given, for who keeps it until then."""

    def send(self, notification: Notification) -> Sequence[Future[None]]:
        """Send one without waiting; what is returned is done once it is safe, and never fails."""


def envelope(
    event_type: str, payload: Payload, priority: str, *, publisher: str, now: datetime, message_id: str | None = None
) -> bytes:
    """Return a notification as it crosses the broker: JSON that holds the message's own JSON as a text."""
    message = {
        "message_id": message_id or ids.new_uuid(),
        "publisher_id": publisher,
        "event_type": event_type,
        "priority": priority,
        "payload": payload,
        "timestamp": str(now),
        "_unique_id": ids.new_hex_id(),
    }
    return msgspec.json.encode({"oslo.version": VERSION, "oslo.message": msgspec.json.encode(message).decode()})
