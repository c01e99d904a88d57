"""A demonstration workflow: it builds a house in a dictionary, and may be disturbed at any moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, String, Table, select

from pileus.kit.db.types import new_metadata
from pileus.kit.workflow import Run, Runner, Step, Workflow, WorkflowStore, Written, workflow_tables
from tests.kit.clock import HeldClock

if TYPE_CHECKING:
    from pileus.kit.db import Database, Transaction

METADATA = new_metadata()
WORKFLOW, WORKFLOW_STEP = workflow_tables(METADATA)
STORE = WorkflowStore(WORKFLOW, WORKFLOW_STEP)
PARTS = ("ground", "walls", "roof")

Disturbance = Callable[[Run, str], Any]
"""Gets the run and 'before do walls' or the like; may raise, or return what the step shall return instead."""


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Site:
    """What the steps work on, and everything that was done, in order."""

    standing: dict[str, str] = field(default_factory=dict)  # part → whose
    log: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    disturb: Disturbance = lambda _run, _moment: None

    def build(self, run: Run, part: str) -> Any:
        instead = self.disturb(run, f"before do {part}")
        if instead is not None:
            return instead
        self.log.append(f"do {part}")
        self.standing[part] = run.subject
        self.disturb(run, f"after do {part}")
        return {"part": part}

    def raze(self, run: Run, part: str) -> Any:
        instead = self.disturb(run, f"before undo {part}")
        if instead is not None:
            return instead
        self.log.append(f"undo {part}")
        self.standing.pop(part, None)
        self.disturb(run, f"after undo {part}")
        return None


def step(part: str) -> Step[Site]:
    return Step(part, lambda run, site: site.build(run, part), lambda run, site: site.raze(run, part))


BUILD: Workflow[Site] = Workflow(
    "build", tuple(step(part) for part in PARTS), failed=lambda run, site: site.reasons.append(run.reason)
)
PERSIST: Workflow[Site] = Workflow("persist", (step("ground"),), is_endless=True)
SETTLE: Workflow[Site] = Workflow("settle", tuple(step(part) for part in PARTS), no_return="walls")
AWAIT: Workflow[Site] = Workflow("await", (step("ground"), replace(step("walls"), is_awaited=True), step("roof")))
NOTES = Table("note", METADATA, Column("text", String(64)))


def note(run: Run, site: Site) -> Written:
    """Write a note of our own, as part of the step."""

    def write(tx: Transaction) -> Any:
        tx.execute(NOTES.insert(), {"text": run.subject})
        return site.disturb(run, "in note")

    site.disturb(run, "before do note")
    return Written(write)


NOTE: Workflow[Site] = Workflow(
    "note", (step("ground"), Step("note", note)), failed=lambda run, site: site.reasons.append(run.reason)
)
KEEP: Workflow[Site] = Workflow("keep", (step("ground"),), is_kept=True)


class Yard:
    """One database, one site and one clock, and as many runners as a test wants."""

    def __init__(self, database: Database) -> None:
        with database.engine.begin() as connection:
            METADATA.create_all(connection)
        self.database, self.site, self.clock = database, Site(), HeldClock()
        self.runner = self.new_runner("one")

    def new_runner(self, owner: str, *, database: Database | None = None) -> Runner[Site]:
        kinds = (BUILD, PERSIST, SETTLE, AWAIT, KEEP, NOTE)
        return Runner(database or self.database, STORE, kinds, self.site, owner=owner, clock=self.clock, threads=2)

    def begin(self, kind: str = "build", subject: str = "s1") -> str:
        return self.database.write(self.runner.begin, kind, subject, {"colour": "red"})

    def cancel(self, subject: str = "s1") -> None:
        self.database.write(self.runner.cancel, subject)

    def state(self, workflow_id: str) -> str:
        with self.database.read() as tx:
            return STORE.get(tx, workflow_id).state

    def has_been_tried(self, workflow_id: str, times: int) -> None:
        """Have a workflow's step tried so often by now."""
        with self.database.engine.begin() as connection:
            connection.execute(WORKFLOW.update().where(WORKFLOW.c.id == workflow_id).values(tries=times))

    def notes(self) -> list[str]:
        """Return what the notes say."""
        with self.database.read() as tx:
            return [row.text for row in tx.all(select(NOTES))]

    def results(self, workflow_id: str) -> dict[str, Any]:
        """Return what the steps returned."""
        with self.database.read() as tx:
            return STORE.get(tx, workflow_id).results

    def run_until_quiet(self, runner: Runner[Site] | None = None, hours: float = 1.0) -> None:
        """Let time pass in small steps, and run what is due."""
        for _ in range(int(hours * 3600 / 20)):
            (runner or self.runner).run_due()
            with self.database.read() as tx:
                if not STORE.unfinished(tx):
                    return
            self.clock.sleep(20)
        raise AssertionError("it does not come to an end")
