"""The bus of a cloud that is many processes: RabbitMQ.

An address is a durable classic queue, `pileus.ADDRESS`, bound to the exchange that every virtual host has, `amq.topic`.
Messages are transient and expire: orders carry tokens, which nobody shall store, and whoever misses one sends it again.
Answers come to one exclusive queue for each connection. docs/decisions/0005 says why.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Coroutine
from concurrent import futures
from concurrent.futures import CancelledError, Future, InvalidStateError
from contextlib import suppress
from functools import partial
from typing import Any

import aio_pika
from aio_pika.abc import (
    AbstractChannel,
    AbstractConnection,
    AbstractExchange,
    AbstractIncomingMessage,
    AbstractQueue,
)
from aio_pika.exceptions import AMQPChannelError, AMQPError, ChannelInvalidStateError, DeliveryError

from pileus.kit import ids, log
from pileus.kit.bus.broker import CONNECT_S, broker_at
from pileus.kit.bus.bus import Handler, NoAnswer
from pileus.kit.bus.codec import Codec
from pileus.kit.bus.outbox import Letter, Outbox
from pileus.kit.bus.workers import Delivery, Workers, read_answer

logger = log.get_logger("pileus.bus")

EXCHANGE = "amq.topic"
PREFIX = "pileus."
QUEUE: dict[str, Any] = {
    "x-queue-type": "classic",
    "x-expires": 600_000,  # in ms: it goes when nobody has listened for so long, as when a host was taken away
}
FIRST_PAUSE_S = 0.2
LAST_PAUSE_S = 5.0
LISTEN_S = 5.0  # how long `listen` waits for the broker to know of it
FLUSH_S = 2.0  # how long `close` waits for what is still to be sent
ADDRESS_BYTES = 200
IN_FLIGHT = 16  # messages that may wait for the broker's confirmation at once
OUTBOX_SIZE = 10_000


class AmqpBus:
    """Plain calls outside; inside a thread whose event loop holds the connection, and makes a new one when it is lost.

    `keep_s`: how long a message may be on its way. A line that is dead is given up after three times `heartbeat_s` or,
    when there was something to send, after `confirm_s`.
    """

    def __init__(
        self,
        url: str,
        codec: Codec,
        *,
        threads_per_address: int = 4,
        keep_s: float = 30.0,
        heartbeat_s: int = 5,
        confirm_s: float = 5.0,
        ca_file: str = "",
    ) -> None:
        """Raises BrokerUrlInvalid."""
        self._codec = codec
        self._threads_per_address = threads_per_address
        self._keep_s = keep_s
        self._confirm_s = confirm_s
        self._broker = broker_at(url, ca_file=ca_file, heartbeat_s=heartbeat_s)
        self._guard = threading.Lock()
        self._is_closed = False
        self._outbox = Outbox(OUTBOX_SIZE)
        self._workers: dict[str, Workers] = {}
        self._questions: dict[str, Future[bytes]] = {}
        self._link: _Link | None = None
        self._loop = asyncio.new_event_loop()
        self._stirred = asyncio.Event()  # there is something to send
        self._ending = asyncio.Event()
        self._thread = threading.Thread(target=self._run_loop, name="bus-amqp", daemon=True)
        self._thread.start()

    # --- the bus, on anybody's thread -------------------------------------------------------------

    @property
    def is_connected(self) -> bool:
        """Whether the broker can be reached now."""
        return self._link is not None

    def tell(self, address: str, message: object) -> None:
        """Send without waiting. While the broker is away the newest messages are kept, each for a while."""
        _require_plain(address)
        if not self._is_closed:
            self._post(Letter(address, self._codec.encode(message), time.monotonic() + self._keep_s))

    def ask(self, address: str, question: object, timeout_s: float) -> Any:
        """Send and wait for the answer. Raises NoAnswer, QuestionFailed."""
        _require_plain(address)
        number = ids.new_uuid()
        answer: Future[bytes] = Future()
        self._questions[number] = answer
        try:
            if self._is_closed:
                raise NoAnswer(address=address, timeout_s=timeout_s)
            deadline = time.monotonic() + timeout_s
            self._post(Letter(address, self._codec.encode(question), deadline, question=number))
            data = answer.result(timeout_s)
        except (TimeoutError, CancelledError):
            raise NoAnswer(address=address, timeout_s=timeout_s) from None
        finally:
            self._questions.pop(number, None)
        return read_answer(self._codec, address, data)

    def listen(self, address: str, handler: Handler) -> None:
        """Hand every message for `address` to `handler`. Without a broker this begins when there is one."""
        _require_plain(address)
        with self._guard:
            if address not in self._workers:
                self._workers[address] = Workers(address, self._codec)
            self._workers[address].add(handler, self._threads_per_address)
        deadline = time.monotonic() + LISTEN_S
        while not (self._is_closed or (self._link is not None and address in self._link.heard)):
            if time.monotonic() > deadline:
                logger.warning("the broker is away; listening begins when it is back", address=address)
                return
            if (link := self._link) is not None:
                self._await(self._hear(link, address))
            time.sleep(0.01)

    def close(self) -> None:
        """End the threads, each after the message it is at, and say what is still to be said."""
        with self._guard:
            if self._is_closed:
                return
            self._is_closed = True
            workers = list(self._workers.values())
        self._await(self._stop_hearing())
        for one in workers:
            one.stop()
        for one in workers:
            one.join()
        for answer in list(self._questions.values()):
            answer.cancel()
        self._await(self._flush())
        self._loop.call_soon_threadsafe(self._ending.set)
        self._thread.join(timeout=CONNECT_S)

    def _post(self, letter: Letter) -> None:
        if self._outbox.put(letter):
            logger.warning("more is to be sent than the broker takes: the oldest messages are dropped")
        with suppress(RuntimeError):  # the loop ends with the bus
            self._loop.call_soon_threadsafe(self._stirred.set)

    def _await(self, work: Coroutine[Any, Any, None]) -> None:
        """Have the loop do something, and wait for it but not for ever. A failure shows in the connection."""
        futures.wait([asyncio.run_coroutine_threadsafe(work, self._loop)], LISTEN_S)

    # --- the loop's thread ------------------------------------------------------------------------

    def _run_loop(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._stay_connected())
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    async def _stay_connected(self) -> None:
        """Make one connection after the other until the bus is closed."""
        pause_s, said = FIRST_PAUSE_S, ""
        while not self._ending.is_set():
            began = self._loop.time()
            try:
                await self._live()
            except (AMQPError, ChannelInvalidStateError, OSError, TimeoutError) as error:
                reason = f"{type(error).__name__}: {error}"
                if reason != said:
                    logger.warning("the broker cannot be used", broker=self._broker.name, reason=reason)
                said = reason
            except Exception:
                logger.exception("the connection to the broker is made anew", broker=self._broker.name)
            else:
                said = ""
            if self._loop.time() - began > 2 * CONNECT_S:
                pause_s = FIRST_PAUSE_S
            with suppress(TimeoutError):
                # Not all at once: a thousand agents may have lost the same broker.
                await asyncio.wait_for(self._ending.wait(), pause_s * random.uniform(0.5, 1.0))  # noqa: S311
            pause_s = min(pause_s * 2, LAST_PAUSE_S)

    async def _live(self) -> None:
        """Connect, and carry messages for as long as the connection holds. Raises what prevented it from the start."""
        connection = await self._broker.connect()
        try:
            link = await _Link.open(connection, self._answered)
            for address in list(self._workers):
                await self._hear(link, address)
            self._link = link
            lost = self._outbox.count_lost()
            logger.info(
                "connected to the broker", broker=self._broker.name, **({"messages_lost": lost} if lost else {})
            )
            reason = await self._carry(link)
            if reason:
                logger.warning("lost the broker", broker=self._broker.name, reason=reason)
        finally:
            self._link = None
            with suppress(Exception):  # it is gone, or will be
                await asyncio.wait_for(connection.close(), FLUSH_S)

    async def _carry(self, link: _Link) -> str:
        """Send what comes until the link is lost or the bus ends; return why it was lost."""
        pumps = [asyncio.ensure_future(self._pump(link)) for _ in range(IN_FLIGHT)]
        ending = asyncio.ensure_future(self._ending.wait())
        ends: list[asyncio.Future[Any]] = [*pumps, ending, link.lost]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (*pumps, ending):
                task.cancel()
            failures = await asyncio.gather(*pumps, return_exceptions=True)
        if link.lost.done():
            return link.lost.result()
        return next((repr(failure) for failure in failures if isinstance(failure, Exception)), "")

    async def _pump(self, link: _Link) -> None:
        while True:
            while (letter := self._outbox.take()) is None:
                self._stirred.clear()
                await self._stirred.wait()
            link.in_flight += 1
            try:
                await link.publish(letter, self._confirm_s)
            except DeliveryError:
                logger.warning("the broker refused a message", address=letter.address)
            except AMQPChannelError as error:  # not allowed; it, or one beside it, would fail again
                logger.warning("the broker refused a message", address=letter.address, reason=str(error))
                raise
            except BaseException:
                self._outbox.put_back(letter)  # it may arrive twice, which is allowed
                raise
            finally:
                link.in_flight -= 1

    async def _hear(self, link: _Link, address: str) -> None:
        workers = self._workers[address]

        async def receive(message: AbstractIncomingMessage) -> None:
            finish = partial(self._handled, message)
            workers.put(Delivery(message.body, is_question=message.reply_to is not None, finish=finish))

        await link.hear(address, receive, prefetch=2 * self._threads_per_address)

    def _handled(self, message: AbstractIncomingMessage, answer: bytes | None) -> None:
        """On a worker's thread: send the answer, and let the broker forget the message."""
        if answer is not None and message.reply_to:
            deadline = time.monotonic() + self._keep_s
            self._post(Letter(message.reply_to, answer, deadline, answers=message.correlation_id))
        asyncio.run_coroutine_threadsafe(_acknowledge(message), self._loop)

    async def _answered(self, message: AbstractIncomingMessage) -> None:
        waiting = self._questions.get(message.correlation_id or "")
        if waiting is not None:
            with suppress(InvalidStateError):  # it has come twice, or the bus is being closed
                waiting.set_result(message.body)

    async def _stop_hearing(self) -> None:
        if self._link is not None:
            await self._link.stop_hearing()

    async def _flush(self) -> None:
        deadline = self._loop.time() + FLUSH_S
        while (link := self._link) is not None and self._loop.time() < deadline:
            if not self._outbox and not link.in_flight:
                return
            await asyncio.sleep(0.005)


class _Link:
    """One connection to the broker, from its opening until it is lost."""

    def __init__(self, exchange: AbstractExchange, consuming: AbstractChannel) -> None:
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.heard: set[str] = set()
        self.in_flight = 0
        self._exchange = exchange
        self._consuming = consuming
        self._answers_to = f"reply.{ids.new_uuid()}"
        self._consumers: list[tuple[AbstractQueue, str]] = []
        self._hearing = asyncio.Lock()

    @classmethod
    async def open(cls, connection: AbstractConnection, answered: Any) -> _Link:
        """Open the channels and listen for answers."""
        publishing = await connection.channel(publisher_confirms=True)
        consuming = await connection.channel(publisher_confirms=False)
        link = cls(await publishing.get_exchange(EXCHANGE, ensure=False), consuming)
        for closable in (connection, publishing, consuming):
            closable.close_callbacks.add(link._on_close)
        for channel in (publishing, consuming):
            (await channel.get_underlay_channel()).on_consumer_cancel_callbacks.add(link._on_cancel)
        answers = await publishing.declare_queue(f"{PREFIX}{link._answers_to}", exclusive=True, auto_delete=True)
        await answers.bind(EXCHANGE, link._answers_to)
        await answers.consume(answered, no_ack=True)
        return link

    async def hear(self, address: str, receive: Any, *, prefetch: int) -> None:
        """Get an address's messages, so many at a time."""
        async with self._hearing:
            if address in self.heard:
                return
            await self._consuming.set_qos(prefetch_count=prefetch)
            queue = await self._consuming.declare_queue(f"{PREFIX}{address}", durable=True, arguments=QUEUE)
            await queue.bind(EXCHANGE, address)
            self._consumers.append((queue, await queue.consume(receive)))
            self.heard.add(address)

    async def stop_hearing(self) -> None:
        """Get no more messages."""
        for queue, tag in self._consumers:
            await queue.cancel(tag)
        self._consumers.clear()

    async def publish(self, letter: Letter, confirm_s: float) -> None:
        """Send a letter and wait until the broker has it. Raises what the library does when it is lost."""
        message = aio_pika.Message(
            letter.body,
            delivery_mode=aio_pika.DeliveryMode.NOT_PERSISTENT,
            expiration=max(letter.left_s, 0.001),
            correlation_id=letter.question or letter.answers,
            reply_to=self._answers_to if letter.question else None,
        )
        await self._exchange.publish(message, letter.address, mandatory=False, timeout=confirm_s)

    def _on_close(self, _closed: object, error: BaseException | None = None) -> None:
        self._lose(str(error or "the connection was closed"))

    def _on_cancel(self, _frame: object) -> None:
        self._lose("a queue was deleted")

    def _lose(self, reason: str) -> None:
        if not self.lost.done():
            self.lost.set_result(reason)


def _require_plain(address: str) -> None:
    """A word of wildcards would hear what is meant for others."""
    if not {"*", "#"}.isdisjoint(address.split(".")) or len(address.encode()) > ADDRESS_BYTES:
        raise ValueError(f"{address!r} is no address")


async def _acknowledge(message: AbstractIncomingMessage) -> None:
    with suppress(AMQPError, ChannelInvalidStateError, OSError):  # of a lost connection: the broker sends it again
        await message.ack()
