"""Telling whoever listens what has happened, in the envelope that oslo.messaging's listeners open."""

from __future__ import annotations

from collections.abc import Mapping
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


def envelope(event_type: str, payload: Payload, priority: str, *, publisher: str, now: datetime) -> bytes:
    """Return a notification as it crosses the broker: JSON that holds the message's own JSON as a text."""
    message = {
        "message_id": ids.new_uuid(),
        "publisher_id": publisher,
        "event_type": event_type,
        "priority": priority,
        "payload": payload,
        "timestamp": str(now),
        "_unique_id": ids.new_hex_id(),
    }
    return msgspec.json.encode({"oslo.version": VERSION, "oslo.message": msgspec.json.encode(message).decode()})
