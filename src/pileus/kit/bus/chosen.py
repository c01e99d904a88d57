"""The bus and the notifier that the settings name. What speaks to a broker is optional, so it is loaded only here."""

from __future__ import annotations

import socket

from pileus.kit.bus.bus import Bus
from pileus.kit.bus.codec import Codec
from pileus.kit.bus.memory import MemoryBus
from pileus.kit.bus.notifier import SureNotifier
from pileus.kit.clock import Clock
from pileus.kit.errors import Conflict


class BusLacking(Conflict):
    """The settings name a broker, and the library that speaks to it is not installed."""

    message = "The settings name a broker, which needs a library: install `pileus[rabbitmq]` in place of `pileus`."


def new_bus(url: str, codec: Codec, *, ca_file: str) -> Bus:
    """Return the bus: a broker's, or without a URL one within this process. Raises BusLacking, BrokerUrlInvalid."""
    if not url:
        return MemoryBus(codec)
    try:
        from pileus.kit.bus.amqp import AmqpBus
    except ModuleNotFoundError:
        raise BusLacking from None
    return AmqpBus(url, codec, ca_file=ca_file)


def new_notifier(
    url: str,
    clock: Clock,
    *,
    service: str,
    exchange: str,
    topics: tuple[str, ...],
    is_durable: bool,
    ca_file: str,
) -> SureNotifier:
    """Return what sends a service's notifications. Raises BusLacking, BrokerUrlInvalid."""
    try:
        from pileus.kit.bus.amqp_notifier import AmqpNotifier
        from pileus.kit.bus.broker import broker_at
    except ModuleNotFoundError:
        raise BusLacking from None
    broker = broker_at(url, ca_file=ca_file, section=f"{service}.notifications")
    publisher = f"{service}.{socket.gethostname()}"
    return AmqpNotifier(broker, clock, publisher=publisher, exchange=exchange, topics=topics, is_durable=is_durable)
