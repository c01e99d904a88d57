"""The worker threads on which handlers run, and the cheapest way there and back from the event loop.

Jobs that finish close together share one wake-up of the loop, because a wake-up costs more than a short handler.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from pileus.kit.patience import hurry

P = ParamSpec("P")
T = TypeVar("T")

_Job = tuple[Callable[[], Any], "asyncio.Future[Any]", "_Wakes"]


class _Wakes:
    """Finished jobs of one event loop, waiting to be handed to it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._done: deque[tuple[asyncio.Future[Any], Any, BaseException | None]] = deque()
        self._is_waking = False

    def deliver(self, future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
        """Hand a result over; called on worker threads."""
        self._done.append((future, result, error))
        if not self._is_waking and not self._loop.is_closed():  # append first, test second: nothing is left behind
            self._is_waking = True
            with contextlib.suppress(RuntimeError):  # it was closed meanwhile, and nobody waits any more
                self._loop.call_soon_threadsafe(self._drain)

    def _drain(self) -> None:
        self._is_waking = False
        while self._done:
            _settle(*self._done.popleft())


class Threads:
    """A fixed number of threads that take jobs from event loops. Those in a hurry refuse what takes long."""

    def __init__(self, count: int = 16, name: str = "handler", *, is_hurried: bool = False) -> None:
        self._name = name
        self._is_hurried = is_hurried
        self._parts: dict[str, Threads] = {}
        self._guard = threading.Lock()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._wakes: dict[asyncio.AbstractEventLoop, _Wakes] = {}
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True) for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def run(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> asyncio.Future[T]:
        """Call `fn` on a worker thread; await what it returns."""
        loop = asyncio.get_running_loop()
        wakes = self._wakes.get(loop) or self._wakes.setdefault(loop, _Wakes(loop))
        future: asyncio.Future[T] = loop.create_future()
        self._jobs.put((lambda: fn(*args, **kwargs), future, wakes))
        return future

    def part(self, name: str) -> Threads:
        """Return as many threads again that are there for one thing only; they end with these."""
        with self._guard:
            if name not in self._parts:
                self._parts[name] = Threads(len(self._threads), f"{self._name}-{name}", is_hurried=self._is_hurried)
            return self._parts[name]

    @property
    def waiting(self) -> int:
        """How many jobs no thread has begun yet."""
        return self._jobs.qsize()

    def close(self) -> None:
        """End the threads, each after the job it is at."""
        with self._guard:
            parts = list(self._parts.values())
        for part in parts:
            part.close()
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join(timeout=10)

    def _work(self) -> None:
        if self._is_hurried:
            hurry()
        while (job := self._jobs.get()) is not None:
            call, future, wakes = job
            result: Any = None
            error: BaseException | None = None
            try:
                result = call()
            except BaseException as raised:  # noqa: BLE001 (it is raised again where it is awaited)
                error = raised
            wakes.deliver(future, result, error)
            del job, call, future, result, error  # hold no request while idle


def _settle(future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if future.done():  # the client is gone and nobody waits any more
        return
    if error is None:
        future.set_result(result)
    elif isinstance(error, StopIteration):  # a Future refuses it
        future.set_exception(RuntimeError("a handler raised StopIteration"))
    else:
        future.set_exception(error)
