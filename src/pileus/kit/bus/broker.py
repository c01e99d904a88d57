"""Where the broker is, and how one connects to it."""

from __future__ import annotations

import logging
import ssl
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import aio_pika
from aio_pika.abc import AbstractConnection

from pileus.kit.errors import Invalid

CONNECT_S = 10.0


class BrokerUrlInvalid(Invalid):
    """The address of the broker makes no sense."""

    message = "[{section}] url must be like amqp://user:password@host:5672/vhost (or amqps://), and it is not."


@dataclass(frozen=True, slots=True)
class Broker:
    """A RabbitMQ. `name` is its host and port, for log lines: the URL holds a password."""

    name: str
    url: str = field(repr=False)
    context: ssl.SSLContext | None
    heartbeat_s: int

    async def connect(self) -> AbstractConnection:
        """Return a new connection."""
        return await aio_pika.connect(
            self.url,
            timeout=CONNECT_S,
            heartbeat=self.heartbeat_s,
            ssl_context=self.context,
            connection_class=_Connection,
        )


class _Connection(aio_pika.Connection):
    """One that is closed if it never came about: else the garbage collector closes it, at any time on any thread."""

    async def connect(self, timeout: float | None = None) -> None:
        """Connect. Raises what aio-pika does."""
        try:
            await super().connect(timeout)
        except BaseException:
            await self.close()
            raise


def broker_at(url: str, *, ca_file: str = "", heartbeat_s: int = 5, section: str = "bus") -> Broker:
    """Return the broker that a setting names. Raises BrokerUrlInvalid."""
    parts = urlsplit(url)
    if parts.scheme not in ("amqp", "amqps") or not parts.hostname:
        raise BrokerUrlInvalid(section=section)
    for library in ("aio_pika", "aiormq"):  # what becomes of a connection is logged by who holds it, once
        logging.getLogger(library).setLevel(logging.CRITICAL)
    is_secret = parts.scheme == "amqps"
    name = f"{parts.hostname}:{parts.port or (5671 if is_secret else 5672)}"
    context = ssl.create_default_context(cafile=ca_file or None) if is_secret else None
    return Broker(name, url, context, heartbeat_s)
