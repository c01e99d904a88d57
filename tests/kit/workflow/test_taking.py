"""A process that runs does at once what it has begun, and what has got its answer; nobody has to look for it."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from pileus.kit.workflow import Run, Waiting
from pileus.kit.workflow.runner import LEASE_S
from tests.kit.workflow.house import until

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
