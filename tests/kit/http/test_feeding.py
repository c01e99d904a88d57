from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from pileus.kit.http.feeding import BATCH_BYTES, SHARED_BYTES, Feeding
from pileus.kit.http.threads import Threads

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence


@pytest.fixture
def threads() -> Iterator[Threads]:
    made = Threads(4)
    yield made
    made.close()


class Eater:
    """A lane that remembers what it took, and may be held up."""

    def __init__(self) -> None:
        self.batches: list[bytes] = []
        self.may_eat = threading.Event()
        self.may_eat.set()

    def __call__(self, batch: Sequence[bytes]) -> None:
        self.may_eat.wait(20)
        self.batches.append(b"".join(batch))


async def pieces(count: int, size: int) -> AsyncIterator[bytes]:
    for number in range(count):
        yield bytes([number % 256]) * size
        await asyncio.sleep(0)


def whole(count: int, size: int) -> bytes:
    return b"".join(bytes([number % 256]) * size for number in range(count))


@pytest.mark.parametrize(("count", "size"), [(0, 0), (3, 10), (3000, 1), (50, 300_000)])
def test_each_lane_gets_all_of_a_stream_in_order(threads: Threads, count: int, size: int) -> None:
    lanes = [Eater(), Eater(), Eater()]
    asyncio.run(Feeding().feed(lanes, pieces(count, size), threads))
    assert [b"".join(lane.batches) for lane in lanes] == [whole(count, size)] * 3


def test_a_slow_lane_holds_the_others_up_before_there_is_much_in_memory(threads: Threads) -> None:
    slow, quick = Eater(), Eater()
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        async for piece in pieces(60, 2**20):
            taken += len(piece)
            yield piece

    async def fed() -> None:
        slow.may_eat.clear()
        feeding = asyncio.create_task(Feeding().feed([slow, quick], endless(), threads))
        before = -1
        while taken > before:
            before = taken
            await asyncio.sleep(0.3)
        assert taken <= 4 * BATCH_BYTES
        slow.may_eat.set()
        await feeding

    asyncio.run(fed())
    assert b"".join(slow.batches) == b"".join(quick.batches) == whole(60, 2**20)


def test_many_at_once_have_small_batches(threads: Threads) -> None:
    lanes = [Eater() for _ in range(16)]

    async def fed() -> None:
        feeding = Feeding()
        await asyncio.gather(*(feeding.feed([lane], pieces(40, 2**18), threads) for lane in lanes))

    asyncio.run(fed())
    assert max(len(batch) for lane in lanes for batch in lane.batches[:3]) <= SHARED_BYTES // 16 + 2**18


def test_the_first_failure_is_told_and_nothing_runs_on(threads: Threads) -> None:
    slow = Eater()

    def refuse(_batch: Sequence[bytes]) -> None:
        raise ValueError("full")

    with pytest.raises(ValueError, match="full"):
        asyncio.run(Feeding().feed([slow, refuse], pieces(40, 2**20), threads))


def test_what_ends_the_stream_is_told(threads: Threads) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError, match="gone"):
        asyncio.run(Feeding().feed([Eater()], broken(), threads))
