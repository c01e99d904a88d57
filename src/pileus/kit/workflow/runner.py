"""The runner: takes a workflow's lease, does its steps, and if one fails undoes them in reverse.

Several processes may run one; a lease keeps them apart, and a dead one's workflows are taken over when it runs out.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from pileus.kit import ids, log
from pileus.kit.clock import Clock
from pileus.kit.db import Database, Transaction
from pileus.kit.errors import PileusError, Unavailable
from pileus.kit.metrics import WORKFLOWS
from pileus.kit.workflow.store import Lease, Record, WorkflowStore, dump, load
from pileus.kit.workflow.workflow import Run, Step, Waiting, Workflow, Written

S = TypeVar("S")
logger = log.get_logger("pileus.workflow")

LEASE_S = 120.0
RENEW_S = LEASE_S / 4  # a step may take longer than a lease lasts
SCAN_S = 1.0  # how late a workflow may be picked up that nobody nudged for
PACE_S = 0.05  # between two looks for work: what is urgent comes by itself
MOST_TAKEN = 1000  # of what this process begins: the others are for whoever has time
AT_ONCE = 100  # of what one look finds
MAX_TRIES = 8  # of a step that fails because something does not answer, or for a reason nobody foresaw
FIRST_RETRY_S = 0.2
LAST_RETRY_S = 30.0
SHORT_REST_S = 5.0  # of what our database did not let go on: it may be back
REST_S = LEASE_S + 10  # of what could not even be tried


@dataclass(frozen=True, slots=True)
class _Progress:
    """What to write after a step was called."""

    state: str
    position: int
    wake_in_s: float | None = None  # None: go on at once
    step: str = ""  # the one that was done
    result: Written | str = ""  # what it returned, as JSON unless it is still to be written
    reason: str | None = None
    tries: int = 0
    keeps_answer: bool = False


@dataclass(frozen=True, slots=True)
class _Moved:
    """Where a workflow stands after a step, and whether it goes on at once."""

    record: Record
    goes_on: bool


class Runner(Generic[S]):
    """Runs the workflows of one service."""

    def __init__(
        self,
        database: Database,
        store: WorkflowStore,
        workflows: Iterable[Workflow[S]],
        state: S,
        *,
        owner: str,
        clock: Clock,
        threads: int = 4,
    ) -> None:
        self.store = store
        self._database = database
        self._workflows = {workflow.kind: workflow for workflow in workflows}
        self._state = state
        self._owner = owner
        self._clock = clock
        self._queue: queue.SimpleQueue[tuple[str, bool] | None] = queue.SimpleQueue()
        self._busy: set[str] = set()
        self._resting: dict[str, float] = {}  # what could not go on, until when
        self._guard = threading.Lock()
        self._is_running = False
        self._ending = threading.Event()
        self._nudged = threading.Event()
        self._threads = [threading.Thread(target=self._scan, name="workflow-scan", daemon=True)]
        for number in range(threads):
            self._threads.append(threading.Thread(target=self._work, name=f"workflow-{number}", daemon=True))

    # --- for operations ---------------------------------------------------------------------------

    def begin(
        self, tx: Transaction, kind: str, subject: str, arguments: dict[str, Any], workflow_id: str | None = None
    ) -> str:
        """Write a new workflow in the caller's transaction; it is done once that is committed. Returns its id."""
        workflow_id, now, until = workflow_id or ids.new_uuid(), self._clock.now(), self._lease_end()
        is_taken = self._is_running and len(self._busy) < MOST_TAKEN
        lease = Lease(self._owner, until) if is_taken or self._workflows[kind].is_kept else None
        self.store.add(tx, workflow_id, kind, subject, arguments, now, lease, wake_at=until if is_taken else now)
        tx.after_commit(lambda: self._take(workflow_id, is_leased=True) if is_taken else self.nudge())
        return workflow_id

    def cancel(self, tx: Transaction, subject: str) -> None:
        """Have a subject's unfinished workflows undone."""
        self.store.cancel(tx, subject, self._clock.now())
        tx.after_commit(self.nudge)

    def nudge(self) -> None:
        """Look for work now."""
        self._nudged.set()

    def answer(self, order_id: str, value: Any) -> bool:
        """Hand an answer to the step that waits for it; tell whether one did."""
        return self._database.write(self._answer, order_id, value)

    def _answer(self, tx: Transaction, order_id: str, value: Any) -> bool:
        workflow_id = self.store.answer(tx, order_id, value, self._clock.now())
        if workflow_id is not None and self._is_running and self._lease(tx, workflow_id):
            tx.after_commit(lambda: self._take(workflow_id, is_leased=True))
        return workflow_id is not None

    # --- threads ----------------------------------------------------------------------------------

    def start(self) -> None:
        """Do what there is to do, and then whatever comes."""
        self._is_running = True
        for thread in self._threads:
            thread.start()

    def resume(self) -> None:
        """Take back what an earlier life of this process held when it ended.

        Call it before anything can begin: what this life holds would be anybody's.
        """
        self._database.write(self.store.release_all, self._owner, self._clock.now())

    def stop(self) -> None:
        """End each thread after the step it is at, and leave what is unfinished to whoever comes next."""
        self._is_running = False
        self._ending.set()
        self._nudged.set()
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout=10)
        if not any(thread.is_alive() for thread in self._threads):
            self._database.write(self.store.release_all, self._owner, self._clock.now())

    def run_due(self) -> int:
        """Run everything that is due on the caller's thread, until nothing is; for tests and simulations."""
        count = 0
        while not self._ending.is_set() and (found := self._find_due()):
            for workflow_id in found:
                self._advance(workflow_id, is_leased=False)
                count += 1
        return count

    def _scan(self) -> None:
        renewed = self._clock.monotonic()
        while not self._ending.is_set():
            self._nudged.clear()
            try:
                for workflow_id in self._rested():
                    self._take(workflow_id, is_leased=True)
                for workflow_id in self._find_due():
                    self._take(workflow_id, is_leased=False)
                if self._clock.monotonic() - renewed >= RENEW_S:
                    renewed = self._clock.monotonic()
                    self._renew()
            except Exception:
                logger.exception("looking for workflows failed")
            self._ending.wait(PACE_S)
            self._nudged.wait(SCAN_S)

    def _take(self, workflow_id: str, *, is_leased: bool) -> None:
        """Have a thread of ours do it, unless one is at it."""
        with self._guard:
            if workflow_id in self._busy or self._is_resting(workflow_id):
                return
            self._busy.add(workflow_id)
        self._queue.put((workflow_id, is_leased))

    def _is_resting(self, workflow_id: str) -> bool:
        if self._resting.get(workflow_id, 0.0) > self._clock.monotonic():
            return True
        self._resting.pop(workflow_id, None)
        return False

    def _rested(self) -> list[str]:
        """Return what could not go on and may be tried again; nobody else looks for it while its lease is ours."""
        now = self._clock.monotonic()
        with self._guard:
            return [workflow_id for workflow_id, until in self._resting.items() if until <= now]

    def _renew(self) -> None:
        """Keep what our threads are at, however long a step takes."""
        with self._guard:
            busy = set(self._busy)
        if busy:
            self._database.write(self.store.renew, busy, self._owner, self._lease_end())

    def _lease_end(self) -> datetime:
        return self._clock.now() + timedelta(seconds=LEASE_S)

    def _find_due(self) -> list[str]:
        with self._database.read() as tx:
            # What waits for a thread here is among them if it has waited long: others must be seen behind it.
            return list(self.store.due(tx, self._owner, self._clock.now(), AT_ONCE + len(self._busy)))

    def _work(self) -> None:
        while (due := self._queue.get()) is not None and not self._ending.is_set():
            workflow_id, is_leased = due
            try:
                self._advance(workflow_id, is_leased=is_leased)
            except Exception as error:
                logger.exception("a workflow could not go on", workflow=workflow_id)
                # Once our lease has ended others try first: they may be of a release that can.
                rest_s = SHORT_REST_S if isinstance(error, Unavailable) else REST_S
                with self._guard:
                    self._resting[workflow_id] = self._clock.monotonic() + rest_s
            finally:
                with self._guard:
                    self._busy.discard(workflow_id)
                self.nudge()  # another workflow of the same subject may have waited for this one

    # --- one workflow -----------------------------------------------------------------------------

    def _lease(self, tx: Transaction, workflow_id: str) -> bool:
        return self.store.lease(tx, workflow_id, self._owner, self._clock.now(), self._lease_end())

    def _advance(self, workflow_id: str, *, is_leased: bool) -> None:
        """Call steps until the workflow ends or waits."""
        if not is_leased and not self._database.write(self._lease, workflow_id):
            return
        with self._database.read() as tx:
            record = self.store.get(tx, workflow_id)
        if not record.is_held_by(self._owner, self._clock.now()):
            return  # another thread of ours has had it since it was queued, or another process once the lease had ended
        if not record.is_first:
            now = self._clock.now()
            lease = Lease(self._owner, self._lease_end_after(record.kind, now))
            self._database.write(self.store.put_back, record.id, lease, now)
            return
        while not self._ending.is_set():
            progress = self._undo(record) if record.state == "undo" else self._do(record)
            moved = self._settle(record, progress)
            if moved is None:
                logger.warning("a workflow was taken over while it was at a step", workflow=record.id)
                return
            if moved.record.state in ("done", "undone"):
                WORKFLOWS.labels(record.kind, moved.record.state).inc()
                return
            if not moved.goes_on:
                return
            record = moved.record

    def _settle(self, record: Record, progress: _Progress) -> _Moved | None:
        """Write what a step came to; what it wanted to write itself may fail, and with that the step."""
        if not isinstance(progress.result, Written):
            return self._database.write(self._write, record, progress)
        try:
            return self._database.write(self._write, record, progress)
        except Exception as error:  # noqa: BLE001 (as of what a step does)
            step = self._workflows[record.kind].steps[record.position]
            return self._database.write(self._write, record, self._do_failed(record, step, error))

    def _do(self, record: Record) -> _Progress:
        workflow = self._workflows[record.kind]
        if record.is_cancelled and workflow.may_be_cancelled(record.position):
            return _Progress("undo", record.position, reason="it was cancelled")
        if record.position == len(workflow.steps):
            return _Progress("done", record.position)
        step = workflow.steps[record.position]
        try:
            result = step.do(self._run(record), self._state)
            if isinstance(result, Waiting):
                return _Progress("do", record.position, wake_in_s=result.seconds, tries=record.tries)
            result = result if isinstance(result, Written) else dump(result)
            return _Progress("do", record.position + 1, step=step.name, result=result)
        except Exception as error:  # noqa: BLE001 (whatever it is, the workflow must end)
            return self._do_failed(record, step, error)

    def _do_failed(self, record: Record, step: Step[S], error: Exception) -> _Progress:
        may_pass = isinstance(error, Unavailable) or not isinstance(error, PileusError)
        if not isinstance(error, PileusError):
            logger.exception("a step failed", kind=record.kind, step=step.name, subject=record.subject)
        is_certain = not self._workflows[record.kind].may_be_undone(record.position)
        if is_certain or (may_pass and record.tries + 1 < MAX_TRIES):
            return self._again(record, "do")
        reason = error.reason if isinstance(error, PileusError) else f"an unexpected error in the step '{step.name}'"
        logger.warning("a workflow is undone", kind=record.kind, step=step.name, subject=record.subject, reason=reason)
        return _Progress("undo", record.position, reason=reason)

    def _undo(self, record: Record) -> _Progress:
        workflow = self._workflows[record.kind]
        run = self._run(record)
        try:
            if record.position < 0:
                if workflow.failed is not None:
                    workflow.failed(run, self._state)
                return _Progress("undone", record.position)
            step = workflow.steps[min(record.position, len(workflow.steps) - 1)]
            result = step.undo(run, self._state) if step.undo is not None else None
        except Exception:
            # Undoing has no way out but forward: it is tried until it succeeds.
            logger.exception("undoing a step failed", kind=record.kind, subject=record.subject)
            return self._again(record, "undo")
        if isinstance(result, Waiting):
            return _Progress("undo", record.position, wake_in_s=result.seconds, tries=record.tries)
        return _Progress("undo", min(record.position, len(workflow.steps) - 1) - 1)

    def _again(self, record: Record, state: str) -> _Progress:
        delay_s = min(FIRST_RETRY_S * 2 ** min(record.tries, 16), LAST_RETRY_S)
        return _Progress(state, record.position, wake_in_s=delay_s, tries=record.tries + 1, keeps_answer=True)

    def _run(self, record: Record) -> Run:
        order_id = f"{record.id}.{record.position}.{record.state}"
        return Run(
            record.id,
            record.kind,
            record.subject,
            record.arguments,
            record.results,
            order_id,
            record.answer,
            record.reason,
            record.turn,
        )

    def _write(self, tx: Transaction, record: Record, progress: _Progress) -> _Moved | None:
        """Write what a step came to, and return where the workflow stands now.

        Writes nothing and returns None if the workflow is not ours any more.
        """
        now = self._clock.now()
        seen: Record | None = record
        while seen is not None:
            after = self._after(record, seen, progress)
            has_come = (seen.answer is not None, seen.is_cancelled) != (record.answer is not None, record.is_cancelled)
            goes_on = has_come or progress.wake_in_s is None
            wake_at = self._lease_end() if goes_on else now + timedelta(seconds=progress.wake_in_s or 0)
            lease = Lease(self._owner, wake_at if goes_on else self._lease_end_after(record.kind, wake_at))
            if self.store.move(tx, seen, after, lease, wake_at, now):
                return _Moved(self._write_step(tx, after, progress, now) if progress.step else after, goes_on)
            seen = self.store.find_held(tx, record, self._owner)  # an answer came meanwhile, or a cancellation
        return None

    def _write_step(self, tx: Transaction, after: Record, progress: _Progress, now: datetime) -> Record:
        text = dump(progress.result.write(tx)) if isinstance(progress.result, Written) else progress.result
        self.store.finish_step(tx, after, progress.step, text, now)
        return replace(after, results={**after.results, progress.step: load(text)})

    def _after(self, record: Record, seen: Record, progress: _Progress) -> Record:
        """Return where a workflow goes that was as in `record` at the step, and is as in `seen` now."""
        state, answer = progress.state, seen.answer
        if progress.wake_in_s is None or (record.answer is not None and not progress.keeps_answer):
            answer = None  # the step had it
        is_last = progress.step and progress.position == len(self._workflows[record.kind].steps)
        if is_last and not seen.is_cancelled:
            state = "done"
        return replace(
            seen, state=state, position=progress.position, answer=answer, reason=progress.reason or seen.reason,
            tries=progress.tries,
        )  # fmt: skip

    def _lease_end_after(self, kind: str, wake_at: datetime) -> datetime | None:
        """Return until when a workflow is ours that waits: it is anybody's, unless it is kept."""
        return wake_at + timedelta(seconds=LEASE_S) if self._workflows[kind].is_kept else None
