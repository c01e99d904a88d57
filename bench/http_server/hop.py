"""Ways to run a plain function off the event loop, cheapest first to last."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any, Protocol

Job = tuple["asyncio.Future[Any]", Callable[..., Any], tuple[Any, ...]]


class Hop(Protocol):
    """Runs ``fn(*args)`` somewhere and gives its result to the event loop."""

    async def run(self, fn: Callable[..., Any], *args: Any) -> Any: ...


class Inline:
    """No hop at all: blocks the loop. Only here as the upper bound."""

    async def run(self, fn: Callable[..., Any], *args: Any) -> Any:
        return fn(*args)


class Executor:
    """The standard library way: ``loop.run_in_executor``."""

    def __init__(self, threads: int = 16) -> None:
        self._executor = ThreadPoolExecutor(threads)

    async def run(self, fn: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._executor, fn, *args)


class ToThread:
    """``asyncio.to_thread``: as Executor, and copies the context variables."""

    async def run(self, fn: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.to_thread(fn, *args)


class Pool:
    """Plain threads on a SimpleQueue; one loop wake-up per finished job."""

    def __init__(self, loop: asyncio.AbstractEventLoop, threads: int = 16) -> None:
        self._loop = loop
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        for number in range(threads):
            threading.Thread(target=self._work, name=f"api-{number}", daemon=True).start()

    def run(self, fn: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        future = self._loop.create_future()
        self._jobs.put((future, fn, args))
        return future

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            future, fn, args = job
            try:
                result, error = fn(*args), None
            except BaseException as exc:  # noqa: BLE001 - handed to the awaiting request
                result, error = None, exc
            self._deliver(future, result, error)
            del job, future, fn, args, result, error  # hold no request while idle

    def _deliver(self, future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
        self._loop.call_soon_threadsafe(_settle, future, result, error)


class BatchPool(Pool):
    """As Pool, but jobs that finish close together share one loop wake-up."""

    def __init__(self, loop: asyncio.AbstractEventLoop, threads: int = 16) -> None:
        self._done: deque[tuple[asyncio.Future[Any], Any, BaseException | None]] = deque()
        self._waking = False
        super().__init__(loop, threads)

    def _deliver(self, future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
        self._done.append((future, result, error))
        if not self._waking:  # append first, test second: a result is never left behind
            self._waking = True
            self._loop.call_soon_threadsafe(self._drain)

    def _drain(self) -> None:
        self._waking = False
        while self._done:
            _settle(*self._done.popleft())


def _settle(future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if future.done():  # the request was cancelled meanwhile
        return
    if error is None:
        future.set_result(result)
    elif isinstance(error, StopIteration):  # a Future of Python 3.11 refuses it with a TypeError
        future.set_exception(RuntimeError("handler raised StopIteration"))
    else:
        future.set_exception(error)


def make_hop(name: str, loop: asyncio.AbstractEventLoop) -> Hop:
    """Builds the hop called ``name``."""
    kinds: dict[str, Callable[[], Any]] = {
        "inline": Inline,
        "executor": Executor,
        "to_thread": ToThread,
        "pool": lambda: Pool(loop),
        "pool4": lambda: Pool(loop, 4),
        "batch": lambda: BatchPool(loop),
        "batch4": lambda: BatchPool(loop, 4),
    }
    hop: Hop = kinds[name]()
    return hop
