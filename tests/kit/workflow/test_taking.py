"""A process that runs does at once what it has begun, and what has got its answer; nobody has to look for it."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from pileus.kit.db import Database
from pileus.kit.db.database import DatabaseUnavailable
from pileus.kit.workflow import Run, StepFailed, Waiting
from pileus.kit.workflow.runner import LEASE_S, SHORT_REST_S
from tests.kit.workflow.house import STORE
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kit.workflow.house import Yard

pytestmark = pytest.mark.databases("sqlite", "postgresql")
THREADS = 2  # of the yard's runners


@contextmanager
def running(yard: Yard) -> Iterator[None]:
    yard.runner.start()
    try:
        yield
    finally:
        yard.runner.stop()


class Held:
    """Holds every first step of some subjects until it is let go."""

    def __init__(self, *subjects: str) -> None:
        self.subjects, self.has_come, self.may_go = subjects, threading.Semaphore(0), threading.Event()

    def __call__(self, run: Run, at: str) -> None:
        if at == "before do ground" and run.subject in self.subjects:
            self.has_come.release()
            assert self.may_go.wait(20)


def test_what_waits_for_a_thread_of_its_process_is_for_nobody_else(yard: Yard) -> None:
    busy = [f"busy {number}" for number in range(THREADS)]
    held = yard.site.disturb = Held(*busy)
    other = yard.new_runner("two")
    with running(yard):
        for subject in busy:
            yard.begin(subject=subject)
            assert held.has_come.acquire(timeout=10)
        waiting = yard.begin(subject="waiting")
        yard.clock.sleep(1)
        assert other.run_due() == 0
        held.may_go.set()
        until(lambda: yard.state(waiting) == "done")


def test_what_still_waits_when_its_process_stops_is_for_the_next(yard: Yard) -> None:
    busy = [f"busy {number}" for number in range(THREADS)]
    held = yard.site.disturb = Held(*busy)
    with running(yard):
        for subject in busy:
            yard.begin(subject=subject)
            assert held.has_come.acquire(timeout=10)
        waiting = yard.begin(subject="waiting")
        yard.runner._ending.set()
        held.may_go.set()
    assert yard.state(waiting) == "do"
    yard.new_runner("two").run_due()
    assert yard.state(waiting) == "done"


def test_what_a_dead_process_had_taken_is_taken_over_when_its_lease_ends(yard: Yard) -> None:
    yard.runner._is_running = True  # and its threads are dead
    workflow_id, other = yard.begin(), yard.new_runner("two")
    yard.clock.sleep(LEASE_S - 1)
    assert other.run_due() == 0
    yard.clock.sleep(2)
    other.run_due()
    assert yard.state(workflow_id) == "done"


@pytest.mark.parametrize("end", ["done", "undone"])
def test_a_thread_that_comes_late_to_what_has_ended_does_nothing(yard: Yard, end: str) -> None:
    def refuse(_run: Run, at: str) -> None:
        if (end, at) == ("undone", "before do roof"):
            raise StepFailed("no roof")

    yard.site.disturb = refuse
    workflow_id = yard.begin()
    yard.runner.run_due()
    assert yard.state(workflow_id) == end
    before, yard.site.disturb = list(yard.site.log), lambda _run, _at: None
    yard.runner._advance(workflow_id, is_leased=True)
    assert (yard.state(workflow_id), yard.site.log) == (end, before)


def test_what_waited_in_the_queue_past_its_lease_is_left_to_who_has_it_now(yard: Yard) -> None:
    yard.runner._is_running = True  # and its threads were stopped for a while, all with their process
    workflow_id, other = yard.begin(), yard.new_runner("two")
    yard.clock.sleep(LEASE_S + 1)
    yard.site.disturb = lambda _run, at: Waiting(1) if at == "before do walls" else None
    other.run_due()
    assert yard.site.log == ["do ground"]
    yard.site.disturb = lambda _run, _at: None
    yard.runner._advance(workflow_id, is_leased=True)
    assert yard.site.log == ["do ground"]


def test_a_second_workflow_of_a_subject_waits_for_the_first(yard: Yard) -> None:
    held = yard.site.disturb = Held("s1")
    with running(yard):
        first = yard.begin()
        assert held.has_come.acquire(timeout=10)
        second = yard.begin()
        time.sleep(0.2)
        assert not held.has_come.acquire(blocking=False)
        held.may_go.set()
        until(lambda: (yard.state(first), yard.state(second)) == ("done", "done"))
    assert yard.site.log == ["do ground", "do walls", "do roof"] * 2


def test_a_second_one_that_is_kept_waits_for_the_first_with_its_own_process(yard: Yard) -> None:
    held, other = Held("s1"), yard.new_runner("two")
    yard.site.disturb = held
    with running(yard):
        first = yard.begin()
        assert held.has_come.acquire(timeout=10)
        second = yard.begin("keep")
        until(lambda: second not in yard.runner._busy)
        yard.site.disturb = lambda _run, _at: None
        with yard.database.read() as tx:
            record = STORE.get(tx, second)
        assert record.is_held_by("one", yard.clock.now())
        assert other.run_due() == 0
        held.may_go.set()
        until(lambda: (yard.state(first), yard.state(second)) == ("done", "done"))


def test_an_answer_goes_on_at_once_whether_it_comes_late_or_before_the_step_has_ended(yard: Yard) -> None:
    orders: list[str] = []

    def ask(run: Run, at: str) -> Any:
        if at != "before do walls" or run.answer is not None:
            return None
        orders.append(run.order_id)
        if run.subject == "early":
            assert yard.runner.answer(run.order_id, "early")
        return Waiting(600)

    yard.site.disturb = ask
    with running(yard):
        early = yard.begin(subject="early")
        until(lambda: yard.state(early) == "done")
        late = yard.begin(subject="late")
        until(lambda: len(orders) == 2)
        time.sleep(0.1)
        assert yard.runner.answer(orders[1], "late")
        until(lambda: yard.state(late) == "done")
    assert len(orders) == 2, "nothing was asked again"


def test_a_cancellation_wakes_what_waits(yard: Yard) -> None:
    yard.site.disturb = lambda _run, at: Waiting(600) if at == "before do walls" else None
    with running(yard):
        workflow_id = yard.begin()
        until(lambda: "do ground" in yard.site.log)
        time.sleep(0.1)
        yard.cancel()
        until(lambda: yard.state(workflow_id) == "undone")


class Away(Database):
    """A database that is away for a moment, when the first step is to be written."""

    has_failed = False

    def write(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        if fn.__name__ == "_write" and not self.has_failed:
            self.has_failed = True
            raise DatabaseUnavailable
        return super().write(fn, *args, **kwargs)


def test_what_a_database_that_was_away_held_up_goes_on_soon(yard: Yard, database_url: str) -> None:
    away = Away(database_url)
    yard.runner = yard.new_runner("one", database=away)
    with running(yard):
        workflow_id = yard.begin()
        until(lambda: away.has_failed and workflow_id not in yard.runner._busy)
        yard.clock.sleep(SHORT_REST_S + 1)
        yard.runner.nudge()
        until(lambda: yard.state(workflow_id) == "done", 5)
    assert not yard.runner._resting
    away.close()
