from __future__ import annotations

import asyncio
import threading

from pileus.kit.http.threads import Threads


def test_who_waits_on_the_threads_of_one_part_keeps_no_other_waiting() -> None:
    threads, is_well = Threads(2), threading.Event()

    async def meet() -> list[int]:
        stuck = [threads.part("dead").run(is_well.wait, 20) for _ in range(5)]
        done = [await threads.run(pow, 2, 3), await threads.part("other").run(pow, 3, 2)]
        assert not any(each.done() for each in stuck)
        is_well.set()
        await asyncio.gather(*stuck)
        return done

    assert asyncio.run(meet()) == [8, 9]
    threads.close()


def test_parts_are_made_once_and_end_with_the_whole() -> None:
    threads = Threads(3, "here")
    part = threads.part("store")
    assert threads.part("store") is part
    assert _count("here-store-") == 3
    threads.close()
    assert (_count("here-store-"), _count("here-")) == (0, 0)


def _count(beginning: str) -> int:
    return sum(each.name.startswith(beginning) for each in threading.enumerate())
