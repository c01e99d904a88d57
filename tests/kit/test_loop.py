from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from pileus.kit.db import Database
from pileus.kit.db.types import new_metadata
from pileus.kit.lease import Leases, lease_table
from pileus.kit.loop import Loop
from tests.kit.clock import HeldClock

if TYPE_CHECKING:
    from pathlib import Path

METADATA = new_metadata()
LEASE = lease_table(METADATA)


def until(condition: Any, patience_s: float = 10.0) -> None:
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


def test_a_loop_goes_round_when_it_starts_when_nudged_and_when_its_time_has_come() -> None:
    rounds: list[float] = []
    loop = Loop("test", lambda: rounds.append(time.monotonic()), 3600)
    loop.start()
    until(lambda: len(rounds) == 1)
    loop.nudge()
    until(lambda: len(rounds) == 2)
    loop.stop()
    time.sleep(0.05)
    assert len(rounds) == 2
    quick = Loop("quick", lambda: rounds.append(0), 0.01)
    quick.start()
    until(lambda: len(rounds) >= 5)
    quick.stop()


def test_a_nudge_during_a_round_makes_another_one() -> None:
    may_end, rounds = threading.Event(), list[int]()

    def round_() -> None:
        rounds.append(1)
        may_end.wait(10)

    loop = Loop("test", round_, 3600)
    loop.start()
    until(lambda: rounds)
    loop.nudge()
    may_end.set()
    until(lambda: len(rounds) == 2)
    loop.stop()


def test_a_round_that_fails_is_logged_and_followed_by_others(log_file: Path) -> None:
    rounds: list[int] = []

    def fail() -> None:
        rounds.append(1)
        raise ValueError("no luck")

    loop = Loop("test", fail, 0.01)
    loop.start()
    until(lambda: len(rounds) > 2)
    loop.stop()
    assert "no luck" in log_file.read_text()


def test_a_loop_that_never_started_can_be_stopped() -> None:
    Loop("test", lambda: None, 1).stop()


def test_of_two_copies_one_goes_round_until_it_is_gone(tmp_path: Path) -> None:
    database, clock, rounds = Database(f"sqlite:///{tmp_path}/l.sqlite"), HeldClock(), list[str]()
    with database.engine.begin() as connection:
        METADATA.create_all(connection)
    one, two = (
        Loop("test", lambda name=name: rounds.append(name), 10, Leases(database, LEASE, name, clock))  # type: ignore[misc]
        for name in ("one", "two")
    )
    for loop in (one, two, one, two):
        loop.run_once()
    clock.sleep(31)
    two.run_once()
    database.close()
    assert rounds == ["one", "one", "two"]
