"""Workflows end done or undone, whatever happens in between."""

from __future__ import annotations

import contextlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from pileus.kit.db import Database
from pileus.kit.errors import Conflict, Unavailable
from pileus.kit.workflow import Run, StepFailed, Waiting
from pileus.kit.workflow.runner import FIRST_RETRY_S, LEASE_S, MAX_TRIES, REST_S
from tests.kit.workflow.house import PARTS, STORE, Killed, Site, Yard
from tests.waiting import until

if TYPE_CHECKING:
    from pileus.kit.workflow import Runner

DONE = dict.fromkeys(PARTS, "s1")
sqlite_only = pytest.mark.databases("sqlite")


def once(moment: str, action: Any) -> Any:
    """A disturbance that happens the first time only."""
    happened = []

    def disturb(run: Run, at: str) -> Any:
        if at == moment and not happened:
            happened.append(at)
            return action(run)
        return None

    return disturb


def raises(error: BaseException) -> Any:
    def act(_run: Run) -> None:
        raise error

    return act


class Dying(Database):
    """A database of a process that dies after so many writes."""

    def __init__(self, url: str, writes: int) -> None:
        super().__init__(url)
        self.writes = writes

    def write(self, fn: Any, *arguments: Any, **named: Any) -> Any:
        if self.writes == 0:
            raise Killed
        self.writes -= 1
        return super().write(fn, *arguments, **named)


# --- there and back -------------------------------------------------------------------------------


def test_steps_are_done_in_order_and_each_reads_what_came_before(yard: Yard) -> None:
    seen = []
    yard.site.disturb = lambda run, _at: seen.append(sorted(run.results))
    workflow_id = yard.begin()
    assert yard.runner.run_due() == 1
    assert yard.site.log == ["do ground", "do walls", "do roof"]
    assert seen[-1] == ["ground", "walls"]
    assert (yard.state(workflow_id), yard.site.standing) == ("done", DONE)


@pytest.mark.parametrize("number", range(len(PARTS)))
def test_a_step_that_fails_is_undone_with_all_before_it_in_reverse(yard: Yard, number: int) -> None:
    yard.site.disturb = once(f"before do {PARTS[number]}", raises(StepFailed("no stones")))
    workflow_id = yard.begin()
    yard.runner.run_due()
    assert yard.state(workflow_id) == "undone"
    assert yard.site.log[number:] == [f"undo {part}" for part in reversed(PARTS[: number + 1])]
    assert yard.site.standing == {}
    assert yard.site.reasons == ["no stones"]


def test_what_a_step_writes_comes_with_the_row_that_says_it_is_done(yard: Yard) -> None:
    yard.site.disturb = lambda _run, at: "written" if at == "in note" else None
    workflow_id = yard.begin("note")
    yard.runner.run_due()
    assert (yard.state(workflow_id), yard.notes()) == ("done", ["s1"])
    assert yard.results(workflow_id)["note"] == "written"


def test_a_process_killed_while_a_step_writes_has_written_nothing(yard: Yard) -> None:
    yard.site.disturb = once("in note", raises(Killed()))
    workflow_id = yard.begin("note")
    with pytest.raises(Killed):
        yard.runner.run_due()
    assert yard.notes() == []
    yard.run_until_quiet(yard.new_runner("two"))
    assert (yard.state(workflow_id), yard.notes()) == ("done", ["s1"])


def test_a_step_that_may_not_write_is_undone_with_all_before_it(yard: Yard) -> None:
    yard.site.disturb = once("in note", raises(StepFailed("no paper")))
    workflow_id = yard.begin("note")
    yard.runner.run_due()
    assert (yard.state(workflow_id), yard.notes()) == ("undone", [])
    assert (yard.site.standing, yard.site.reasons) == ({}, ["no paper"])


def test_a_step_that_cannot_write_yet_writes_later(yard: Yard) -> None:
    yard.site.disturb = once("in note", raises(Unavailable("no ink")))
    workflow_id = yard.begin("note")
    yard.run_until_quiet()
    assert (yard.state(workflow_id), yard.notes()) == ("done", ["s1"])


def test_who_lost_his_lease_writes_nothing(yard: Yard) -> None:
    def take_over(_run: Run) -> None:
        yard.clock.sleep(LEASE_S + 1)
        yard.new_runner("two").run_due()

    yard.site.disturb = once("before do note", take_over)
    workflow_id = yard.begin("note")
    yard.runner.run_due()
    assert (yard.state(workflow_id), yard.notes()) == ("done", ["s1"])


def test_a_cancellation_during_the_last_step_is_not_lost(yard: Yard) -> None:
    yard.site.disturb = once("before do roof", lambda _run: yard.cancel())
    workflow_id = yard.begin()
    yard.run_until_quiet()
    assert (yard.state(workflow_id), yard.site.standing) == ("undone", {})


@sqlite_only
def test_a_refusal_of_another_service_fails_the_step_with_its_sentence(yard: Yard) -> None:
    yard.site.disturb = once("before do walls", raises(Conflict("the ground is taken")))
    yard.begin()
    yard.runner.run_due()
    assert yard.site.reasons == ["the ground is taken"]


@sqlite_only
@pytest.mark.parametrize("moment", [f"{when} {way} {part}" for when in ("before", "after")
                                    for way in ("do", "undo") for part in PARTS])  # fmt: skip
def test_a_process_killed_at_any_moment_is_continued_by_the_next(yard: Yard, moment: str) -> None:
    yard.site.disturb = once(moment, raises(Killed()))
    is_undo = " undo " in moment
    if is_undo:
        kill = yard.site.disturb

        def fail_at_the_roof(run: Run, at: str) -> Any:
            if at == "before do roof":
                raise StepFailed("no roof")
            return kill(run, at)

        yard.site.disturb = fail_at_the_roof
    workflow_id = yard.begin()
    with pytest.raises(Killed):
        yard.runner.run_due()
    yard.run_until_quiet(yard.new_runner("two"))
    assert (yard.state(workflow_id), yard.site.standing) == (("undone", {}) if is_undo else ("done", DONE))


@sqlite_only
@pytest.mark.parametrize("writes", range(9))
def test_a_process_killed_between_an_effect_and_its_row_is_continued(
    yard: Yard, database_url: str, writes: int
) -> None:
    """The database goes away with the process, after so many writes."""
    workflow_id = yard.begin()
    dying = Dying(database_url, writes)
    with contextlib.suppress(Killed):
        yard.new_runner("one", database=dying).run_due()
    dying.close()
    yard.run_until_quiet(yard.new_runner("two"))
    assert (yard.state(workflow_id), yard.site.standing) == ("done", DONE)


@sqlite_only
def test_every_do_and_every_undo_may_run_twice(yard: Yard) -> None:
    """A step whose process dies after each effect, before its row: everything happens twice."""
    told: set[tuple[str, str]] = set()

    def die_once_after_each(run: Run, at: str) -> Any:
        if at == "before do roof":
            raise StepFailed("no roof")
        if at.startswith("after") and (run.id, at) not in told:
            told.add((run.id, at))
            raise Killed
        return None

    yard.site.disturb = die_once_after_each
    workflow_id = yard.begin()
    for life in range(10):
        try:
            yard.run_until_quiet(yard.new_runner(f"life {life}"))
        except Killed:
            continue
        break
    assert yard.site.log == [
        "do ground", "do ground", "do walls", "do walls",
        "undo roof", "undo roof", "undo walls", "undo walls", "undo ground", "undo ground",
    ]  # fmt: skip
    assert (yard.state(workflow_id), yard.site.standing) == ("undone", {})


# --- waiting and answers --------------------------------------------------------------------------


class Asking:
    """Has the walls wait for an answer, and notes what the step was given."""

    def __init__(self, seconds: float = 600.0) -> None:
        self.seconds, self.order_ids, self.answers = seconds, list[str](), list[Any]()

    def __call__(self, run: Run, at: str) -> Any:
        if at != "before do walls":
            return None
        self.order_ids.append(run.order_id)
        self.answers.append(run.answer)
        return Waiting(self.seconds) if run.answer is None else None


def test_a_workflow_that_waits_is_parked_until_its_answer_wakes_it(yard: Yard) -> None:
    asking = yard.site.disturb = Asking()
    workflow_id = yard.begin()
    yard.runner.run_due()
    assert (yard.state(workflow_id), yard.runner.run_due()) == ("do", 0)
    assert yard.runner.answer(asking.order_ids[0], {"stones": 3})
    yard.runner.run_due()
    assert asking.answers == [None, {"stones": 3}]
    assert yard.state(workflow_id) == "done"


def test_a_workflow_whose_answer_does_not_come_is_called_again_in_time(yard: Yard) -> None:
    asking = yard.site.disturb = Asking(seconds=30)
    yard.begin()
    yard.runner.run_due()
    yard.clock.sleep(29)
    assert yard.runner.run_due() == 0
    yard.clock.sleep(2)
    yard.runner.run_due()
    assert len(set(asking.order_ids)) == 1, "the same order, so that whoever works for it knows it"
    assert len(asking.order_ids) == 2


def test_doubled_late_and_foreign_answers_are_dropped(yard: Yard) -> None:
    asking = yard.site.disturb = Asking()
    workflow_id = yard.begin()
    yard.runner.run_due()
    order_id = asking.order_ids[0]
    foreign = (f"{workflow_id}.0.do", f"{workflow_id}.1.undo", f"{workflow_id}.2.do", f"{'0' * 36}.1.do")
    assert not any(yard.runner.answer(other, 1) for other in foreign)
    assert yard.runner.answer(order_id, "first")
    assert not yard.runner.answer(order_id, "second")
    yard.runner.run_due()
    assert asking.answers[-1] == "first"
    assert not yard.runner.answer(order_id, "late")


@sqlite_only
@pytest.mark.parametrize("nonsense", ["", ".", "x.1.do", "a.b.c", f"{'0' * 36}.x.do", f"{'0' * 36}.{'9' * 30}.do"])
def test_an_answer_to_nonsense_is_dropped(yard: Yard, nonsense: str) -> None:
    assert not yard.runner.answer(nonsense, 1)


def test_an_answer_of_nothing_is_refused(yard: Yard) -> None:
    """A step could not tell it from an answer that has yet to come, and would wait for ever."""
    asking = Asking()
    yard.site.disturb = asking
    yard.begin("await")
    yard.runner.run_due()
    with pytest.raises(AssertionError, match="an answer of nothing"):
        yard.runner.answer(asking.order_ids[0], None)
    assert yard.runner.answer(asking.order_ids[0], 0)
    yard.run_until_quiet()
    assert asking.answers == [None, 0]


def test_an_answer_that_comes_while_its_step_is_still_asking_is_not_lost(yard: Yard) -> None:
    def answered_at_once(run: Run, at: str) -> Any:
        if at == "before do walls" and run.answer is None:
            assert yard.runner.answer(run.order_id, "quick")
            return Waiting(3600)
        return None

    yard.site.disturb = answered_at_once
    workflow_id = yard.begin()
    yard.runner.run_due()
    assert yard.state(workflow_id) == "done"


def test_an_answer_at_the_very_moment_of_parking_is_not_lost(yard: Yard) -> None:
    """Many workflows park while their answers arrive: none may sleep on with its answer there."""
    orders: list[str] = []

    def ask(run: Run, at: str) -> Any:
        if at == "before do walls" and run.answer is None:
            orders.append(run.order_id)
            pool.submit(yard.runner.answer, run.order_id, "now")
            return Waiting(3600)
        return None

    yard.site.disturb = ask
    ids = [yard.begin(subject=f"s{number}") for number in range(12)]
    with ThreadPoolExecutor(4) as pool:
        yard.runner.run_due()
    yard.runner.run_due()
    assert len(orders) == 12
    assert {yard.state(workflow_id) for workflow_id in ids} == {"done"}


@sqlite_only
def test_a_step_that_asks_twice_gets_both_answers(yard: Yard) -> None:
    given = []

    def ask_twice(run: Run, at: str) -> Any:
        if at == "before do walls":
            given.append(run.answer)
            return None if run.answer == 2 else Waiting(600)
        return None

    yard.site.disturb = ask_twice
    workflow_id = yard.begin()
    yard.runner.run_due()
    for answer in (1, 2):
        assert yard.runner.answer(f"{workflow_id}.1.do", answer)
        yard.runner.run_due()
    assert given == [None, 1, 2]
    assert yard.state(workflow_id) == "done"


@sqlite_only
def test_an_answer_is_kept_while_its_step_is_tried_again(yard: Yard) -> None:
    asking, failures = Asking(), []

    def fail_with_the_answer(run: Run, at: str) -> Any:
        waiting = asking(run, at)
        if at == "before do walls" and run.answer is not None and not failures:
            failures.append(1)
            raise Unavailable("the mason is ill")
        return waiting

    yard.site.disturb = fail_with_the_answer
    workflow_id = yard.begin()
    yard.runner.run_due()
    yard.runner.answer(f"{workflow_id}.1.do", "yes")
    yard.run_until_quiet()
    assert asking.answers == [None, "yes", "yes"]


# --- cancel ---------------------------------------------------------------------------------------


def test_a_workflow_that_is_cancelled_while_it_waits_is_undone(yard: Yard) -> None:
    asking = yard.site.disturb = Asking()
    workflow_id = yard.begin()
    yard.runner.run_due()
    yard.cancel()
    yard.runner.run_due()
    assert yard.state(workflow_id) == "undone"
    assert yard.site.log == ["do ground", "undo walls", "undo ground"]
    assert yard.site.reasons == ["it was cancelled"]
    assert not yard.runner.answer(asking.order_ids[0], "late")


@sqlite_only
def test_a_workflow_cancelled_during_its_last_step_is_undone_whole(yard: Yard) -> None:
    yard.site.disturb = once("after do roof", lambda _run: yard.cancel())
    workflow_id = yard.begin()
    yard.runner.run_due()
    assert (yard.state(workflow_id), yard.site.standing) == ("undone", {})


@sqlite_only
def test_a_workflow_that_is_done_cannot_be_cancelled(yard: Yard) -> None:
    workflow_id = yard.begin()
    yard.runner.run_due()
    yard.cancel()
    yard.runner.run_due()
    assert (yard.state(workflow_id), yard.site.standing) == ("done", DONE)


@sqlite_only
def test_an_endless_workflow_is_never_undone(yard: Yard) -> None:
    left = [*[Unavailable("x")] * 20, StepFailed("x"), ValueError("x"), Conflict("x")]

    def fail_for_long(_run: Run, at: str) -> None:
        if at == "before do ground" and left:
            raise left.pop()

    yard.site.disturb = fail_for_long
    workflow_id = yard.begin("persist")
    yard.runner.run_due()
    yard.cancel()
    yard.run_until_quiet()
    assert (yard.state(workflow_id), yard.site.log) == ("done", ["do ground"])


@sqlite_only
@pytest.mark.parametrize("part", PARTS)
def test_a_workflow_is_undone_until_it_has_passed_its_point_of_no_return(yard: Yard, part: str) -> None:
    yard.site.disturb = once(f"before do {part}", raises(StepFailed("x")))
    workflow_id = yard.begin("settle")
    yard.run_until_quiet()
    is_past = part == "roof"
    assert (yard.state(workflow_id), yard.site.standing) == (("done", DONE) if is_past else ("undone", {}))


@sqlite_only
@pytest.mark.parametrize(("moment", "ends"), [("after do walls", "done"), ("after do ground", "undone")])
def test_a_workflow_past_its_point_of_no_return_cannot_be_cancelled(yard: Yard, moment: str, ends: str) -> None:
    yard.site.disturb = once(moment, lambda _run: yard.cancel())
    workflow_id = yard.begin("settle")
    yard.run_until_quiet()
    assert yard.state(workflow_id) == ends


@sqlite_only
def test_turns_grow_from_step_to_step_through_undoings_and_later_workflows(yard: Yard) -> None:
    turns: list[int] = []

    def watch(run: Run, at: str) -> None:
        if at.startswith("before"):
            turns.append(run.turn)
            if at == "before do roof" and len(turns) == len(PARTS):
                raise StepFailed("x")

    yard.site.disturb = watch
    yard.begin()
    yard.runner.run_due()
    yard.begin()
    yard.runner.run_due()
    assert turns == sorted(set(turns))
    assert len(turns) == 3 * len(PARTS)
    with yard.database.read() as tx:
        assert STORE.last_turn(tx) > turns[-1]


@sqlite_only
@pytest.mark.parametrize("is_done", [True, False])
def test_a_cancellation_waits_for_a_step_of_which_nobody_knows_what_it_has_done(yard: Yard, is_done: bool) -> None:
    asking = yard.site.disturb = Asking()
    workflow_id = yard.begin("await")
    yard.runner.run_due()
    yard.cancel()
    yard.runner.run_due()
    assert (yard.state(workflow_id), yard.site.log) == ("do", ["do ground"])
    assert yard.runner.answer(asking.order_ids[0], "done")
    if not is_done:
        yard.site.disturb = once("before do walls", raises(StepFailed("x")))
    yard.runner.run_due()
    begun = ["do ground", "do walls", "undo roof"] if is_done else ["do ground"]
    assert (yard.state(workflow_id), yard.site.log) == ("undone", [*begun, "undo walls", "undo ground"])


def test_turns_go_on_where_they_were_when_all_that_ended_is_forgotten(yard: Yard) -> None:
    for _ in range(2):
        yard.begin()
        yard.runner.run_due()
    with yard.database.read() as tx:
        last = STORE.last_turn(tx)
    yard.clock.sleep(3600)
    assert yard.database.write(STORE.purge, yard.clock.now()) == 1
    assert yard.database.write(STORE.purge, yard.clock.now()) == 0
    workflow_id = yard.begin()
    with yard.database.read() as tx:
        assert STORE.get(tx, workflow_id).turn > last


@sqlite_only
def test_an_endless_workflow_is_tried_for_years(yard: Yard) -> None:
    yard.site.disturb = once("before do ground", raises(Unavailable("x")))
    workflow_id = yard.begin("persist")
    yard.has_been_tried(workflow_id, 5_000_000)
    yard.run_until_quiet()
    assert yard.state(workflow_id) == "done"


# --- trying again ---------------------------------------------------------------------------------


@sqlite_only
@pytest.mark.parametrize("error", [Unavailable("asleep"), ValueError("inside knowledge")])
def test_what_may_pass_is_tried_again_ever_more_slowly_and_not_for_ever(yard: Yard, error: Exception) -> None:
    times = []

    def fail(_run: Run, at: str) -> None:
        if at == "before do walls":
            times.append(yard.clock.monotonic())
            raise error

    yard.site.disturb = fail
    workflow_id = yard.begin()
    while yard.state(workflow_id) not in ("done", "undone"):
        yard.runner.run_due()
        yard.clock.sleep(0.05)
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert len(times) == MAX_TRIES
    assert all(later > earlier * 1.5 for earlier, later in pairwise(pauses))
    assert pauses[0] >= FIRST_RETRY_S
    assert yard.site.standing == {}
    assert "inside knowledge" not in yard.site.reasons[0]


@sqlite_only
def test_undoing_is_tried_until_it_succeeds(yard: Yard) -> None:
    left = [*[StepFailed("x")] * 10, *[ValueError("x")] * 10]

    def fail(_run: Run, at: str) -> None:
        if at == "before do roof":
            raise StepFailed("no roof")
        if at == "before undo walls" and left:
            raise left.pop()

    yard.site.disturb = fail
    workflow_id = yard.begin()
    yard.run_until_quiet()
    assert (yard.state(workflow_id), yard.site.standing) == ("undone", {})


@sqlite_only
def test_a_result_that_cannot_be_stored_fails_the_step_and_not_the_runner(yard: Yard) -> None:
    yard.site.disturb = lambda _run, at: object() if at == "before do walls" else None
    workflow_id = yard.begin()
    yard.run_until_quiet()
    assert yard.state(workflow_id) == "undone"


# --- several at once ------------------------------------------------------------------------------


def test_two_workflows_of_one_subject_run_one_after_the_other(yard: Yard) -> None:
    yard.site.disturb = Asking()
    first, second = yard.begin(), yard.begin()
    other = yard.begin(subject="s2")
    yard.runner.run_due()
    assert yard.site.log == ["do ground", "do ground"], "the second of s1 has not begun; s2 has"
    assert yard.runner.answer(f"{other}.1.do", 1)
    assert yard.runner.answer(f"{first}.1.do", 1)
    assert not yard.runner.answer(f"{second}.1.do", 1)
    yard.runner.run_due()
    assert (yard.state(first), yard.state(second), yard.state(other)) == ("done", "do", "done")


def test_many_runners_share_the_work_and_never_do_the_same_at_once(yard: Yard) -> None:
    at_work: set[str] = set()
    collisions, guard = [], threading.Lock()

    def meet(run: Run, at: str) -> None:
        with guard:
            if at.startswith("before"):
                if run.subject in at_work:
                    collisions.append(run.subject)
                at_work.add(run.subject)
        time.sleep(0.002)
        if at.startswith("after"):
            with guard:
                at_work.discard(run.subject)

    yard.site.disturb = meet
    ids = [yard.begin(subject=f"s{number % 4}") for number in range(12)]
    runners = [yard.new_runner(f"owner {number}") for number in range(3)]
    for runner in runners:
        runner.start()
    wait_until(lambda: all(yard.state(workflow_id) == "done" for workflow_id in ids), runners)
    assert collisions == []
    assert len(yard.site.log) == 12 * len(PARTS), "and nothing was done twice"


def test_a_dead_runners_workflow_is_taken_over_when_its_lease_ends(yard: Yard) -> None:
    yard.site.disturb = once("before do walls", raises(Killed()))
    workflow_id = yard.begin()
    with pytest.raises(Killed):
        yard.runner.run_due()
    other = yard.new_runner("two")
    yard.clock.sleep(LEASE_S - 1)
    assert other.run_due() == 0
    yard.clock.sleep(2)
    other.run_due()
    assert yard.state(workflow_id) == "done"


def test_a_kept_workflow_is_for_who_began_it_also_after_it_waited(yard: Yard) -> None:
    other = yard.new_runner("two")
    yard.site.disturb = once("before do ground", raises(Unavailable("not yet")))
    workflow_id = yard.begin("keep")
    assert other.run_due() == 0, "it was not begun yet"
    yard.runner.run_due()
    yard.clock.sleep(FIRST_RETRY_S + 1)
    assert other.run_due() == 0, "the second try is due"
    yard.runner.run_due()
    assert yard.state(workflow_id) == "done"


@pytest.mark.parametrize("was_tried", [False, True])
def test_a_kept_workflow_of_the_dead_is_taken_over(yard: Yard, was_tried: bool) -> None:
    other = yard.new_runner("two")
    workflow_id = yard.begin("keep")
    if was_tried:
        yard.site.disturb = once("before do ground", raises(Unavailable("not yet")))
        yard.runner.run_due()
    yard.clock.sleep(LEASE_S + FIRST_RETRY_S + 1)
    other.run_due()
    assert yard.state(workflow_id) == "done"


@sqlite_only
def test_a_runner_that_comes_back_under_its_name_goes_on_at_once(yard: Yard) -> None:
    yard.site.disturb = once("before do walls", raises(Killed()))
    workflow_id = yard.begin()
    with pytest.raises(Killed):
        yard.runner.run_due()
    again = yard.new_runner("one")
    again.resume()
    again.start()
    wait_until(lambda: yard.state(workflow_id) == "done", [again])


def test_what_is_kept_and_begun_before_the_threads_start_is_not_set_free(yard: Yard) -> None:
    yard.runner.resume()
    workflow_id = yard.begin("keep")
    yard.runner._threads.clear()  # they are slow today
    yard.runner.start()
    assert yard.new_runner("two").run_due() == 0
    yard.runner.run_due()
    assert yard.state(workflow_id) == "done"


def test_a_runner_that_lost_its_lease_writes_nothing_over_the_new_owner(yard: Yard) -> None:
    other = yard.new_runner("two")

    def sleep_through_the_lease(_run: Run) -> None:
        yard.clock.sleep(LEASE_S + 1)
        other.run_due()

    yard.site.disturb = once("before do walls", sleep_through_the_lease)
    workflow_id = yard.begin()
    yard.runner.run_due()
    assert yard.state(workflow_id) == "done"
    assert yard.site.log.count("do roof") == 1, "only the new owner went on"


@sqlite_only
def test_a_step_that_takes_longer_than_a_lease_keeps_it(yard: Yard) -> None:
    is_in_step, may_end = threading.Event(), threading.Event()

    def take_long(_run: Run) -> None:
        is_in_step.set()
        may_end.wait(20)

    yard.site.disturb = once("before do walls", take_long)
    workflow_id = yard.begin()
    yard.runner.start()
    other = yard.new_runner("two")
    try:
        assert is_in_step.wait(10)
        for _ in range(12):
            yard.clock.sleep(LEASE_S / 3)
            ends = yard.clock.now() + timedelta(seconds=LEASE_S)
            yard.runner.nudge()
            until(lambda ends=ends: lease_end(yard, workflow_id) == ends)  # type: ignore[misc]
            assert other.run_due() == 0
        may_end.set()
        until(lambda: yard.state(workflow_id) == "done")
    finally:
        may_end.set()
        yard.runner.stop()
    assert yard.site.log == ["do ground", "do walls", "do roof"]


@sqlite_only
def test_a_runner_that_is_stopped_leaves_its_work_to_the_next_at_once(yard: Yard) -> None:
    is_in_step = threading.Event()

    def note(_run: Run) -> None:
        is_in_step.set()
        time.sleep(0.1)

    yard.site.disturb = once("before do ground", note)
    workflow_id = yard.begin()
    yard.runner.start()
    assert is_in_step.wait(10)
    yard.runner.stop()
    assert (yard.site.log, yard.state(workflow_id)) == (["do ground"], "do")
    yard.new_runner("two").run_due()
    assert yard.state(workflow_id) == "done"


class Full(Database):
    """A database that takes nothing more of a workflow."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.refused = 0

    def write(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        if fn.__name__ == "_lease":
            self.refused += 1
            raise OSError("no space left on device")
        return super().write(fn, *args, **kwargs)


@sqlite_only
def test_what_cannot_go_on_is_tried_again_after_others_could(yard: Yard, database_url: str) -> None:
    full = Full(database_url)
    runner = yard.new_runner("one", database=full)
    yard.begin()
    runner.start()
    until(lambda: full.refused == 1)
    for _ in range(5):
        runner.nudge()
        time.sleep(0.05)
    assert full.refused == 1
    yard.clock.sleep(REST_S + 1)
    runner.nudge()
    until(lambda: full.refused == 2)
    runner.stop()
    full.close()


@sqlite_only
def test_workflows_that_ended_long_ago_are_forgotten_with_their_steps(yard: Yard) -> None:
    yard.begin()
    yard.runner.run_due()
    yard.site.disturb = Asking()
    waiting = yard.begin(subject="s2")
    yard.runner.run_due()
    yard.clock.sleep(3600)
    assert yard.database.write(STORE.purge, yard.clock.now()) == 1
    assert yard.database.write(STORE.purge, yard.clock.now()) == 0
    assert yard.state(waiting) == "do"


# --- waiting for threads --------------------------------------------------------------------------


def lease_end(yard: Yard, workflow_id: str) -> Any:
    with yard.database.read() as tx:
        return next(row.lease_until for row in STORE.unfinished(tx) if row.id == workflow_id)


def wait_until(condition: Any, runners: list[Runner[Site]]) -> None:
    try:
        until(condition)
    finally:
        for runner in runners:
            runner.stop()
