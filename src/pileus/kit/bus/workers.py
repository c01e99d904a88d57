"""The threads on which an address's messages are handled; every kind of bus has the same."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pileus.kit import log
from pileus.kit.bus.bus import Handler, QuestionFailed
from pileus.kit.bus.codec import Codec, Failure
from pileus.kit.errors import PileusError

logger = log.get_logger("pileus.bus")

JOIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message that has arrived, and whom to tell once its handler has run."""

    data: bytes = field(repr=False)  # it may hold a token
    is_question: bool
    finish: Callable[[bytes | None], None]
    """Gets the answer, if the message was a question."""


class Workers:
    """The threads of one address: none, until messages come that no thread is free for."""

    def __init__(self, address: str, codec: Codec) -> None:
        self._address = address
        self._codec = codec
        self._waiting: queue.SimpleQueue[Delivery | None] = queue.SimpleQueue()
        self._unfinished = 0  # messages
        self._guard = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._lacking: deque[Handler] = deque()  # for whom further threads may be started

    def add(self, handler: Handler, threads: int) -> None:
        """Let a handler have so many threads. Several handlers share the messages."""
        with self._guard:
            self._lacking.extend([handler] * threads)
            self._start_needed()

    def put(self, delivery: Delivery) -> None:
        """Have a message handled."""
        with self._guard:
            self._waiting.put(delivery)
            self._unfinished += 1
            self._start_needed()

    def stop(self) -> None:
        """End the threads, each after the messages that have come before."""
        with self._guard:
            self._lacking.clear()
            for _ in self._threads:
                self._waiting.put(None)

    def join(self) -> None:
        """Wait until the threads have ended; one that hangs in its handler is left behind."""
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(timeout=JOIN_S)

    def _start_needed(self) -> None:
        while self._lacking and self._unfinished > len(self._threads):
            name = f"bus-{self._address}-{len(self._threads)}"
            thread = threading.Thread(target=self._serve, args=(self._lacking.popleft(),), name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, handler: Handler) -> None:
        while (delivery := self._waiting.get()) is not None:
            answer = self._handle(handler, delivery)
            with self._guard:
                self._unfinished -= 1
            try:
                delivery.finish(answer)
            except Exception:
                logger.exception("an answer could not be sent", address=self._address)

    def _handle(self, handler: Handler, delivery: Delivery) -> bytes | None:
        """Return the answer, a failure included, if the message was a question."""
        try:
            result = handler(self._codec.decode(delivery.data))
            if not delivery.is_question:
                return None
            return self._codec.encode(Failure("this is not a question") if result is None else result)
        except Exception as error:
            logger.exception("a message could not be handled", address=self._address)
            if not delivery.is_question:
                return None
            reason = error.reason if isinstance(error, PileusError) else "an unexpected error; its log says more"
            return self._codec.encode(Failure(reason))


def read_answer(codec: Codec, address: str, data: bytes) -> Any:
    """Return the answer that a question got. Raises QuestionFailed."""
    try:
        answer = codec.decode(data)
    except ValueError as error:  # of another release
        raise QuestionFailed(address=address, reason=f"its answer is not understood ({error})") from error
    if isinstance(answer, Failure):
        raise QuestionFailed(address=address, reason=answer.reason)
    return answer
