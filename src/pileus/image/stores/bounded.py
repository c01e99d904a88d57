"""A store that may hang, as a dead network file system does: who calls it waits for so long and no longer.

Each call is made on one of a few threads of the store's own. One that does not come back keeps its thread; once half
of them are gone, the store is refused at once, until one comes back.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from pileus.image.model.location_errors import StoreHangs
from pileus.image.stores.store import Reader, Store, Writer
from pileus.kit.calling import Run

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 16
DEADLINE_S = 30.0
PATIENCE_S = 0.05  # of those who need not know how it ends
IDLE_S = 5.0
COMMIT_FACTOR = 10  # to bring to disk what was written takes longer than to write the last piece


class Pool:
    """The threads of one store. They are there while there is something to do, and a little longer."""

    def __init__(self, store: str, deadline_s: float = DEADLINE_S, count: int = THREADS) -> None:
        self._store = store
        self.deadline_s = deadline_s
        self._count = count
        self._turn = threading.Condition()
        self._jobs: deque[tuple[Callable[[], None], float]] = deque()
        self._threads = 0
        self._idle = 0
        self._busy: dict[int, float] = {}  # each thread that is at a call → when it counts as lost

    def call(self, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what `fn` does. Raises StoreHangs, or what `fn` does."""
        return self.wait(self.begin(fn, *args, **kwargs), self.deadline_s)

    async def run(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Await what `fn` does, which keeps no other thread waiting. Raises StoreHangs, or what `fn` does."""
        answer = asyncio.wrap_future(self.begin(fn, *args, **kwargs))
        await asyncio.wait([answer], timeout=self.deadline_s)
        if answer.done():
            return answer.result()
        answer.cancel()
        raise StoreHangs(store=self._store)

    def begin(self, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Have `fn` called. Raises StoreHangs if the threads are lost."""
        return self.begin_long(self.deadline_s, fn, *args, **kwargs)

    def begin_long(self, time_s: float, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Have `fn` called that may take so long. Raises StoreHangs if the threads are lost."""
        future: Future[T] = Future()
        with self._turn:
            now = time.monotonic()
            if sum(until < now for until in self._busy.values()) * 2 >= self._count:
                raise StoreHangs(store=self._store)
            self._jobs.append((lambda: _answer(future, lambda: fn(*args, **kwargs)), time_s))
            if len(self._jobs) > self._idle and self._threads < self._count:
                self._threads += 1
                threading.Thread(target=self._work, name=f"store-{self._store}", daemon=True).start()
            else:
                self._turn.notify()
        return future

    def wait(self, future: Future[T], patience_s: float) -> T:
        """Return what a call that was begun yields. Raises StoreHangs, or what it does."""
        try:
            return future.result(patience_s)
        except TimeoutError:
            if future.done():
                raise
        future.cancel()  # if it has not begun
        raise StoreHangs(store=self._store)

    def wait_or(self, future: Future[T], give_back: Callable[[T], None]) -> T:
        """Return what a call opens; what comes too late is given back. Raises StoreHangs, or what the call does."""
        try:
            return self.wait(future, self.deadline_s)
        except StoreHangs:
            future.add_done_callback(lambda late: _give_back(late, give_back))
            raise

    def _work(self) -> None:
        me = threading.get_ident()
        while True:
            with self._turn:
                self._busy.pop(me, None)
                self._idle += 1
                self._turn.wait_for(lambda: self._jobs, IDLE_S)
                self._idle -= 1
                if not self._jobs:
                    self._threads -= 1
                    return
                job, time_s = self._jobs.popleft()
                self._busy[me] = time.monotonic() + time_s  # from now on: to wait in a queue is not to be lost
            job()
            del job  # hold nothing while idle


def _give_back(late: Future[T], give_back: Callable[[T], None]) -> None:
    if not late.cancelled() and late.exception() is None:
        give_back(late.result())


def _answer(future: Future[T], call: Callable[[], T]) -> None:
    if not future.set_running_or_notify_cancel():  # nobody waits any more
        return
    try:
        future.set_result(call())
    except BaseException as error:  # noqa: BLE001 (it is raised again where it is awaited)
        future.set_exception(error)


class BoundedStore:
    """A store each call of which ends in time. All calls raise StoreHangs, beside what the store's own do."""

    def __init__(self, name: str, store: Store, deadline_s: float = DEADLINE_S) -> None:
        self._store = store
        self._pool = Pool(name, deadline_s)
        self.kind = store.kind
        self.schemes = store.schemes
        self.is_read_only = store.is_read_only
        self.run: Run | None = self._pool.run

    def create(self, key: str, size_bytes: int | None) -> Writer:
        """Begin a new object."""
        begun = self._pool.begin(self._store.create, key, size_bytes)
        return BoundedWriter(self._pool, self._pool.wait_or(begun, lambda writer: writer.abort()))

    def open(self, key: str) -> Reader:
        """Return a reader."""
        begun = self._pool.begin(self._store.open, key)
        return BoundedReader(self._pool, self._pool.wait_or(begun, lambda reader: reader.__exit__(None, None, None)))

    def size(self, key: str) -> int:
        """Return an object's size in bytes."""
        return self._pool.call(self._store.size, key)

    def path(self, key: str) -> Path | None:
        """Return the object's file, which is not looked at."""
        return self._store.path(key)

    def url(self, key: str) -> str:
        """Return the object's URL, without asking anybody."""
        return self._store.url(key)

    def delete(self, key: str) -> None:
        """Delete an object. If that takes longer it goes on by itself, and whoever asks again finds it gone."""
        self._pool.wait(self._pool.begin(self._store.delete, key), PATIENCE_S)

    def keys(self) -> Iterator[str] | None:
        """Return the keys."""
        return self._pool.call(self._store.keys)

    def claim(self, *, is_new: bool) -> None:
        """Know the place again from now on."""
        self._pool.call(self._store.claim, is_new=is_new)

    def problem(self) -> str | None:
        """Return what is wrong with the store, or None."""
        try:
            return self._pool.wait(self._pool.begin(self._store.problem), PATIENCE_S)
        except StoreHangs as hanging:
            return hanging.reason

    def properties(self) -> Mapping[str, Any]:
        """Return how the store is set up."""
        return self._store.properties()


class BoundedWriter:
    """New bytes on their way into a store that may hang."""

    def __init__(self, pool: Pool, writer: Writer) -> None:
        self._pool = pool
        self._writer = writer

    def write(self, pieces: Sequence[bytes]) -> None:
        """Append bytes."""
        self._pool.call(self._writer.write, pieces)

    def commit(self) -> None:
        """Make the bytes readable, and durable."""
        time_s = self._pool.deadline_s * COMMIT_FACTOR
        self._pool.wait(self._pool.begin_long(time_s, self._writer.commit), time_s)

    def abort(self) -> None:
        """Leave nothing behind, if the store lets us; else whoever sweeps will."""
        try:
            self._pool.call(self._writer.abort)
        except StoreHangs:
            return


class BoundedReader:
    """Bytes on their way out of a store that may hang."""

    def __init__(self, pool: Pool, reader: Reader) -> None:
        self._pool = pool
        self._reader = reader

    def read(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`."""
        return self._pool.call(self._reader.read, offset, length)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.begin(self._reader.__exit__, kind, error, trace)
