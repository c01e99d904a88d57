from __future__ import annotations

import contextlib
import sys
import threading
import time

import pytest

from pileus.kit.db.fair import FairLock


class Interrupted(BaseException):
    pass


def test_waiters_are_served_in_the_order_in_which_they_came() -> None:
    lock, order = FairLock(), list[int]()

    def work(number: int) -> None:
        with lock:
            order.append(number)

    with lock:
        threads = []
        for number in range(8):
            threads.append(threading.Thread(target=work, args=(number,)))
            threads[-1].start()
            while len(lock._waiting) <= number:
                time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert order == list(range(8))


@pytest.mark.parametrize("is_turn_here", [False, True])
def test_a_waiter_that_is_interrupted_keeps_the_turn_from_nobody(is_turn_here: bool) -> None:
    """As Ctrl-C does it to the main thread, just before or just after it was given its turn."""
    lock = FairLock()
    holder_may_go, holding = threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            holding.set()
            holder_may_go.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    holding.wait(10)

    def interrupt(frame: object, event: str, arg: object) -> None:
        if event == "c_call" and getattr(arg, "__name__", "") == "acquire" and lock._waiting:
            if is_turn_here:
                holder_may_go.set()
                holder.join()
            raise Interrupted

    def wait() -> None:
        sys.setprofile(interrupt)
        try:
            with contextlib.suppress(Interrupted), lock:
                pass
        finally:
            sys.setprofile(None)

    waiter = threading.Thread(target=wait)
    waiter.start()
    waiter.join(10)
    holder_may_go.set()
    holder.join(10)
    taken = threading.Event()
    last = threading.Thread(target=lambda: (lock.__enter__(), taken.set()), daemon=True)
    last.start()
    assert taken.wait(5)
