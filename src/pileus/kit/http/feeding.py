"""From a client to the lanes that take its bytes in, on threads: each at its own pace, none of them far behind.

Bytes go to the lanes in batches: threads that wait for the interpreter between small pieces take longer for that than
for the pieces. The more uploads there are, the smaller are the batches, so that memory has an end.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager

from pileus.kit.http.threads import Threads

BATCH_BYTES = 2**22
SHARED_BYTES = 2**22  # by one batch of each upload; a lane has one, another waits, and a third comes in
LEAST_BYTES = 2**18
BATCH_PIECES = 512
FEW_PIECES = 16

Batch = Sequence[bytes]
Lane = Callable[[Batch], None]


class Feeding:
    """All uploads that are on their way in."""

    def __init__(self) -> None:
        self._count = 0

    async def feed(self, lanes: Sequence[Lane], stream: AsyncIterator[bytes], threads: Threads) -> None:
        """Have each lane take all of a stream, on threads. Raises what the first lane that fails does."""
        try:
            with self._another():
                async with asyncio.TaskGroup() as group:
                    waiting = [asyncio.Queue[Batch | None](1) for _ in lanes]
                    for lane, batches in zip(lanes, waiting, strict=True):
                        group.create_task(_take(lane, batches, threads))
                    async for batch in self._batches(stream):
                        for batches in waiting:
                            await batches.put(batch)
                    for batches in waiting:
                        await batches.put(None)
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None

    @contextmanager
    def _another(self) -> Iterator[None]:
        self._count += 1
        try:
            yield
        finally:
            self._count -= 1

    async def _batches(self, stream: AsyncIterator[bytes]) -> AsyncIterator[Batch]:
        batch: list[bytes] = []
        size = 0
        async for piece in stream:
            batch.append(piece)
            size += len(piece)
            if size >= self._batch_bytes() or len(batch) >= BATCH_PIECES:
                yield _few(batch)
                batch, size = [], 0
        if batch:
            yield _few(batch)

    def _batch_bytes(self) -> int:
        return max(LEAST_BYTES, min(BATCH_BYTES, SHARED_BYTES // self._count))


async def _take(lane: Lane, batches: asyncio.Queue[Batch | None], threads: Threads) -> None:
    while (batch := await batches.get()) is not None:
        job = threads.run(lane, batch)
        try:
            await asyncio.shield(job)
        finally:
            await asyncio.wait([job])  # nobody ends a thread


def _few(batch: list[bytes]) -> Batch:
    return batch if len(batch) <= FEW_PIECES else [b"".join(batch)]
