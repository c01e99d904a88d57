from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from pileus.compute.agent.keyed_lock import KeyedLock


def test_threads_with_the_same_key_take_turns() -> None:
    locks, inside, most = KeyedLock(), [0], [0]

    def enter() -> None:
        with locks.hold("key"):
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            threading.Event().wait(0.005)
            inside[0] -= 1

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(enter) for _ in range(20)]:
            done.result(10)
    assert most == [1]
    assert locks._locks == {}


def test_threads_with_different_keys_pass() -> None:
    locks, met = KeyedLock(), threading.Barrier(2, timeout=10)

    def enter(key: str) -> None:
        with locks.hold(key):
            met.wait()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(enter, key) for key in ("one", "two")]:
            done.result(10)


def test_a_lock_is_free_again_after_an_error() -> None:
    locks = KeyedLock()
    with pytest.raises(ValueError, match="inside"), locks.hold("key"):
        raise ValueError("inside")
    with locks.hold("key"):
        assert locks._locks
