"""Notifications over RabbitMQ, where oslo.messaging's `messagingv2` driver puts them.

Each priority of a topic has a queue. It is made here if nobody has yet, so that what is sent before the first listener
comes is kept for him.
"""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress

from aio_pika import DeliveryMode, ExchangeType, Message
from aio_pika.abc import AbstractChannel, AbstractExchange
from aio_pika.exceptions import AMQPError, ChannelInvalidStateError

from pileus.kit import log
from pileus.kit.bus.broker import Broker
from pileus.kit.bus.notifier import INFO, Notification, Payload, envelope
from pileus.kit.bus.outbox import Letter, Outbox
from pileus.kit.clock import Clock

logger = log.get_logger("pileus.notifications")

OUTBOX_SIZE = 10_000
KEEP_S = 3600.0  # while the broker is away
PAUSE_S = 2.0
CONFIRM_S = 5.0
CLOSE_S = 3.0


class AmqpNotifier:
    """Plain calls outside; inside a thread that holds the connection, and makes a new one when it is lost.

    `is_durable` must be what the listeners say, or the broker refuses one of the two.
    """

    def __init__(
        self, broker: Broker, clock: Clock, *, publisher: str, exchange: str, topics: tuple[str, ...], is_durable: bool
    ) -> None:
        self._broker = broker
        self._clock = clock
        self._publisher = publisher
        self._exchange = exchange
        self._topics = topics
        self._is_durable = is_durable
        self._outbox = Outbox(OUTBOX_SIZE)
        self._loop = asyncio.new_event_loop()
        self._stirred = asyncio.Event()  # there is something to send, or it is time to end
        self._ending = asyncio.Event()
        self._thread = threading.Thread(target=self._run_loop, name="notifier-amqp", daemon=True)
        self._thread.start()

    def notify(self, event_type: str, payload: Payload, priority: str = INFO) -> None:
        """Send one to every topic; while the broker is away the newest are kept."""
        body = envelope(event_type, payload, priority, publisher=self._publisher, now=self._clock.now())
        for topic in self._topics:
            if self._outbox.put(Letter(f"{topic}.{priority.lower()}", body, time.monotonic() + KEEP_S)):
                logger.warning("more notifications wait than are kept: the oldest are dropped")
        self._call(self._stirred)

    def send(self, notification: Notification) -> Sequence[Future[None]]:
        """Send one to every topic, however long the broker is away; tell of each when the broker has it."""
        one = notification
        body = envelope(
            one.event_type, one.payload, one.priority, publisher=one.publisher, now=one.moment,
            message_id=one.message_id,
        )  # fmt: skip
        futures: list[Future[None]] = [Future() for _ in self._topics]
        for topic, taken in zip(self._topics, futures, strict=True):
            self._outbox.put(Letter(f"{topic}.{one.priority.lower()}", body, math.inf, taken=taken))
        self._call(self._stirred)
        return futures

    def close(self) -> None:
        """Send what is still to be sent, for a moment, and end."""
        self._call(self._ending)
        self._call(self._stirred)
        self._thread.join(CLOSE_S)

    def _call(self, event: asyncio.Event) -> None:
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(event.set)

    # --- the loop's thread ------------------------------------------------------------------------

    def _run_loop(self) -> None:
        try:
            self._loop.run_until_complete(self._stay_connected())
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    async def _stay_connected(self) -> None:
        while not self._ending.is_set():
            try:
                await self._live()
            except (AMQPError, ChannelInvalidStateError, OSError, TimeoutError) as error:
                reason = f"{type(error).__name__}: {error}"
                logger.warning("notifications wait for the broker", broker=self._broker.name, reason=reason)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), PAUSE_S)

    async def _live(self) -> None:
        """Send what there is until it is time to end. Raises what the connection does."""
        connection = await self._broker.connect()
        try:
            channel, queues = await connection.channel(publisher_confirms=True), set[str]()
            exchange = await channel.declare_exchange(self._exchange, ExchangeType.TOPIC, durable=self._is_durable)
            while (letter := await self._next()) is not None:
                try:
                    if letter.address not in queues:
                        await self._declare(channel, exchange, letter.address)
                        queues.add(letter.address)
                    await exchange.publish(_message(letter), letter.address, mandatory=False, timeout=CONFIRM_S)
                    if letter.taken is not None:
                        letter.taken.set_result(None)
                except BaseException:
                    self._outbox.put_back(letter)  # it may arrive twice, which is allowed
                    raise
        finally:
            with suppress(Exception):  # it is gone, or will be
                await asyncio.wait_for(connection.close(), CLOSE_S)

    async def _declare(self, channel: AbstractChannel, exchange: AbstractExchange, name: str) -> None:
        queue = await channel.declare_queue(name, durable=self._is_durable)
        await queue.bind(exchange, name)

    async def _next(self) -> Letter | None:
        """Return the next letter, or None at the end."""
        while (letter := self._outbox.take()) is None:
            if self._ending.is_set():
                return None
            self._stirred.clear()
            await self._stirred.wait()
        return letter


def _message(letter: Letter) -> Message:
    return Message(
        letter.body, content_type="application/json", content_encoding="utf-8", delivery_mode=DeliveryMode.PERSISTENT
    )
