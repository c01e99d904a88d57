"""The bus of a cloud that is one process: queues and threads."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from typing import Any

from pileus.kit.bus.bus import Handler, NoAnswer
from pileus.kit.bus.codec import Codec
from pileus.kit.bus.workers import Delivery, Workers, read_answer

LOOK_AGAIN_S = 0.05


class MemoryBus:
    """Each address has a queue and up to so many threads; messages cross as bytes, as they would on a wire."""

    def __init__(self, codec: Codec, *, threads_per_address: int = 4) -> None:
        self._codec = codec
        self._threads_per_address = threads_per_address
        self._workers: dict[str, Workers] = {}
        self._guard = threading.Lock()

    def tell(self, address: str, message: object) -> None:
        """Send without waiting."""
        workers = self._workers.get(address)
        if workers is not None:
            workers.put(Delivery(self._codec.encode(message), is_question=False, finish=_forget))

    def ask(self, address: str, question: object, timeout_s: float) -> Any:
        """Send and wait for the answer. Raises NoAnswer, QuestionFailed."""
        deadline = time.monotonic() + timeout_s
        while (workers := self._workers.get(address)) is None:  # as on a wire, who listens soon is asked then
            if time.monotonic() >= deadline:
                raise NoAnswer(address=address, timeout_s=timeout_s)
            time.sleep(LOOK_AGAIN_S)
        answer: Future[bytes | None] = Future()
        workers.put(Delivery(self._codec.encode(question), is_question=True, finish=answer.set_result))
        try:
            data = answer.result(timeout_s)
        except TimeoutError:
            raise NoAnswer(address=address, timeout_s=timeout_s) from None
        assert data is not None  # it was a question
        return read_answer(self._codec, address, data)

    def listen(self, address: str, handler: Handler) -> None:
        """Hand every message for `address` to `handler`."""
        with self._guard:
            if address not in self._workers:
                self._workers[address] = Workers(address, self._codec)
            self._workers[address].add(handler, self._threads_per_address)

    def close(self) -> None:
        """End the threads, each after the messages that came before."""
        with self._guard:
            closing, self._workers = list(self._workers.values()), {}
        for workers in closing:
            workers.stop()
        for workers in closing:
            workers.join()


def _forget(_answer: bytes | None) -> None:
    """Nobody waits for what came of a message that asked nothing."""
