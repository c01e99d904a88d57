"""Workflows as rows."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    and_,
    bindparam,
    func,
    or_,
    select,
)

from pileus.kit.db import Row, Transaction
from pileus.kit.db.types import MARIADB, BigId, LongText, Moment, Name, Uuid36

UNFINISHED = ("do", "undo")
TURNS = 1000  # of one workflow: its steps, and their undoings
_MOVED = ("state", "position", "answer", "reason", "tries", "wake_at", "lease_until", "updated_at")
_ORDER_ID = re.compile(r"([0-9a-f-]{36})\.(-?\d{1,4})\.(do|undo)")


def workflow_tables(metadata: MetaData) -> tuple[Table, Table]:
    """Return the tables that a service adds to its catalogue."""
    workflow = Table(
        "workflow",
        metadata,
        Column("number", BigId, primary_key=True, autoincrement=True),  # the order of arrival
        Column("id", Uuid36, nullable=False, unique=True),
        Column("kind", String(64), nullable=False),
        Column("subject", Name, nullable=False),
        Column("arguments", LongText, nullable=False),
        Column("state", String(8), nullable=False),  # do, undo, done, undone
        Column("position", Integer, nullable=False),
        Column("is_cancelled", Boolean, nullable=False),
        Column("answer", LongText),
        Column("reason", LongText, nullable=False),
        Column("tries", Integer, nullable=False),
        Column("wake_at", Moment, nullable=False),
        Column("lease_owner", Name),
        Column("lease_until", Moment),
        Column("created_at", Moment, nullable=False),
        Column("updated_at", Moment, nullable=False),
        Index("ix_workflow_state_wake_at", "state", "wake_at"),
        Index("ix_workflow_subject_state", "subject", "state"),
        **MARIADB,
    )
    step = Table(
        "workflow_step",
        metadata,
        Column("workflow_id", Uuid36, primary_key=True),
        Column("name", String(64), primary_key=True),
        Column("result", LongText, nullable=False),
        Column("finished_at", Moment, nullable=False),
        **MARIADB,
    )
    return workflow, step


@dataclass(frozen=True, slots=True)
class Record:
    """A workflow's row, and the results of its finished steps."""

    id: str
    number: int
    kind: str
    subject: str
    arguments: dict[str, Any]
    state: str
    position: int
    is_cancelled: bool
    answer: Any
    reason: str
    tries: int
    results: dict[str, Any]
    is_first: bool = True  # of its subject's: no older one is unfinished
    lease_owner: str | None = None
    lease_until: datetime | None = None

    def is_held_by(self, owner: str, now: datetime) -> bool:
        """Tell whether there is something left to do, and it is for `owner`."""
        has_lease = self.lease_owner == owner and self.lease_until is not None and self.lease_until > now
        return has_lease and self.state in UNFINISHED

    @property
    def turn(self) -> int:
        """Where the step stands among all steps of its subject: what is meant later has a higher number."""
        return self.number * TURNS + (self.position if self.state == "do" else TURNS - 2 - self.position)


@dataclass(frozen=True, slots=True)
class StepName:
    """Which step of which workflow an order is for."""

    workflow_id: str
    position: int
    direction: str  # do or undo


def read_order_id(order_id: str) -> StepName | None:
    """Return what an order's id names, or None if no step has given it."""
    match = _ORDER_ID.fullmatch(order_id)
    return None if match is None else StepName(match[1], int(match[2]), match[3])


@dataclass(frozen=True, slots=True)
class Lease:
    """Who holds a workflow, and until when unless he renews it."""

    owner: str
    until: datetime | None  # None: nobody any more


class WorkflowStore:
    """The statements, built once for one service's tables."""

    def __init__(self, workflow: Table, step: Table) -> None:
        w, self._workflow, self._step = workflow, workflow, step
        earlier = w.alias("earlier")
        is_free = or_(w.c.lease_until.is_(None), w.c.lease_until < bindparam("now"), w.c.lease_owner == bindparam("me"))
        is_due = and_(w.c.state.in_(UNFINISHED), w.c.wake_at <= bindparam("now"), is_free)
        is_first = ~(
            select(earlier.c.number)
            .where(
                earlier.c.subject == w.c.subject,
                earlier.c.state.in_(UNFINISHED),
                earlier.c.number < w.c.number,
            )
            .exists()
        )
        self._due = select(w.c.id).where(is_due, is_first).order_by(w.c.wake_at).limit(bindparam("limit"))
        self._lease = (
            w.update()
            .where(w.c.id == bindparam("which"), is_due)
            .values(lease_owner=bindparam("me"), lease_until=bindparam("until"))
        )
        is_held = _is_held(w)
        self._held = select(w).where(is_held)
        self._move = (
            w.update()
            .where(is_held, w.c.is_cancelled == bindparam("was_cancelled"))
            .where(or_(w.c.answer.is_(None), bindparam("had_answer", type_=Boolean)))
            .values({name: bindparam(f"new_{name}") for name in _MOVED})
        )
        self._renew = (
            w.update()
            .where(
                w.c.id.in_(bindparam("which", expanding=True)),
                w.c.lease_owner == bindparam("me"),
                w.c.lease_until.is_not(None),
                w.c.state.in_(UNFINISHED),
            )
            .values(lease_until=bindparam("until"))
        )
        self._get = (
            select(w, is_first.label("is_first"), step.c.name.label("step"), step.c.result)
            .outerjoin(step, step.c.workflow_id == w.c.id)
            .where(w.c.id == bindparam("which"))
        )
        held = w.update().where(_is_leased(w))
        self._put_back = held.values(lease_until=bindparam("until"), wake_at=bindparam("now"))
        self._answer = (
            w.update()
            .where(
                w.c.id == bindparam("which"),
                w.c.position == bindparam("at"),
                w.c.state == bindparam("direction"),
                w.c.answer.is_(None),
            )
            .values(answer=bindparam("value"), wake_at=bindparam("now"))
        )
        self._cancel = (
            w.update()
            .where(and_(w.c.subject == bindparam("about"), w.c.state == "do"))
            .values(is_cancelled=True, wake_at=bindparam("now"))
        )

    def add(
        self,
        tx: Transaction,
        workflow_id: str,
        kind: str,
        subject: str,
        arguments: dict[str, Any],
        now: datetime,
        lease: Lease | None = None,
        *,
        wake_at: datetime | None = None,
    ) -> None:
        """Write a new workflow; a runner that looks for work finds it there from `wake_at` on."""
        row = {
            "id": workflow_id,
            "kind": kind,
            "subject": subject,
            "arguments": dump(arguments),
            "state": "do",
            "position": 0,
            "is_cancelled": False,
            "reason": "",
            "tries": 0,
            "wake_at": wake_at or now,
            "lease_owner": lease.owner if lease else None,
            "lease_until": lease.until if lease else None,
            "created_at": now,
            "updated_at": now,
        }
        tx.execute(self._workflow.insert(), row)

    def due(self, tx: Transaction, owner: str, now: datetime, limit: int) -> Sequence[str]:
        """Return ids of workflows that wait for nothing and nobody else holds; of one subject only the oldest."""
        return [str(row.id) for row in tx.all(self._due, {"me": owner, "now": now, "limit": limit})]

    def lease(self, tx: Transaction, workflow_id: str, owner: str, now: datetime, until: datetime) -> bool:
        """Take a workflow that is due for `owner`; tell whether it is ours now."""
        return bool(tx.changed(self._lease, {"which": workflow_id, "me": owner, "now": now, "until": until}))

    def move(
        self, tx: Transaction, before: Record, after: Record, lease: Lease, wake_at: datetime, now: datetime
    ) -> bool:
        """Write where a workflow goes, and lock its row until the transaction ends.

        Writes nothing and tells False unless the owner of the lease has it, and it is just as it was before.
        """
        parameters = {
            **_held(before, lease.owner),
            "was_cancelled": before.is_cancelled,
            "had_answer": before.answer is not None,
            "new_state": after.state,
            "new_position": after.position,
            "new_answer": None if after.answer is None else dump(after.answer),
            "new_reason": after.reason,
            "new_tries": after.tries,
            "new_wake_at": wake_at,
            "new_lease_until": lease.until,
            "new_updated_at": now,
        }
        return bool(tx.changed(self._move, parameters))

    def find_held(self, tx: Transaction, record: Record, owner: str) -> Record | None:
        """Return a workflow as it is now, if `owner` has it and it is still where `record` has it."""
        row = tx.first(self._held, _held(record, owner))
        return None if row is None else _record(row, record.results)

    def renew(self, tx: Transaction, workflow_ids: Collection[str], owner: str, until: datetime) -> None:
        """Keep those of some workflows that `owner` holds."""
        tx.execute(self._renew, {"which": list(workflow_ids), "me": owner, "until": until})

    def release_all(self, tx: Transaction, owner: str, now: datetime) -> None:
        """Free what `owner` held in an earlier life, and let it go on at once."""
        w = self._workflow
        held = and_(w.c.lease_owner == owner, w.c.state.in_(UNFINISHED))
        tx.execute(w.update().where(held).values(lease_until=None, wake_at=now))

    def put_back(self, tx: Transaction, workflow_id: str, lease: Lease, now: datetime) -> None:
        """Have a workflow that the lease's owner holds looked for again: by him alone for as long as that lasts."""
        parameters = {"which": workflow_id, "me": lease.owner, "until": lease.until, "now": now}
        tx.execute(self._put_back, parameters)

    def get(self, tx: Transaction, workflow_id: str) -> Record:
        """Return a workflow."""
        rows = tx.all(self._get, {"which": workflow_id})
        results = {row.step: load(row.result) for row in rows if row.step is not None}
        row = rows[0]
        return replace(
            _record(row, results), is_first=row.is_first, lease_owner=row.lease_owner, lease_until=row.lease_until
        )  # fmt: skip

    def finish_step(self, tx: Transaction, record: Record, name: str, result: str, now: datetime) -> None:
        """Write that a step is done, once more perhaps, and its result, a JSON document."""
        s = self._step
        if name in record.results:
            tx.execute(s.delete().where(s.c.workflow_id == record.id, s.c.name == name))
        tx.execute(s.insert(), {"workflow_id": record.id, "name": name, "result": result, "finished_at": now})

    def answer(self, tx: Transaction, order_id: str, value: Any, now: datetime) -> str | None:
        """Keep an answer for the step that waits for it, and return its workflow.

        A stale or doubled one is dropped: None.
        """
        if value is None:
            raise AssertionError("an answer of nothing: to a step that would be none")
        named = read_order_id(order_id)
        if named is None:
            return None
        parameters = {
            "which": named.workflow_id,
            "at": named.position,
            "direction": named.direction,
            "value": dump(value),
            "now": now,
        }
        return named.workflow_id if tx.changed(self._answer, parameters) else None

    def cancel(self, tx: Transaction, subject: str, now: datetime) -> None:
        """Have every workflow of a subject undone that is not yet finished."""
        tx.execute(self._cancel, {"about": subject, "now": now})

    def unfinished(self, tx: Transaction) -> Sequence[Row]:
        """Return the rows of all workflows under way, oldest first."""
        w = self._workflow
        return tx.all(select(w).where(w.c.state.in_(UNFINISHED)).order_by(w.c.number))

    def is_busy(self, tx: Transaction, subject: str) -> bool:
        """Tell whether a subject has an unfinished workflow."""
        w = self._workflow
        count = select(func.count()).where(w.c.subject == subject, w.c.state.in_(UNFINISHED))
        return bool(tx.scalar(count))

    def last_turn(self, tx: Transaction) -> int:
        """Return a turn that comes after all that workflows have had, and before those of the next one."""
        return int(tx.scalar(select(func.coalesce(func.max(self._workflow.c.number), 0))) * TURNS + TURNS - 1)

    def purge(self, tx: Transaction, before: datetime) -> int:
        """Forget workflows that ended before a time, but not the last of all: the next one's turns come after its."""
        w, s = self._workflow, self._step
        last = tx.scalar(select(func.coalesce(func.max(w.c.number), 0)))
        is_old = and_(w.c.state.not_in(UNFINISHED), w.c.updated_at < before, w.c.number < last)
        tx.execute(s.delete().where(s.c.workflow_id.in_(select(w.c.id).where(is_old))))
        return tx.changed(w.delete().where(is_old))


def _record(row: Row, results: dict[str, Any]) -> Record:
    return Record(
        id=row.id,
        number=row.number,
        kind=row.kind,
        subject=row.subject,
        arguments=load(row.arguments),
        state=row.state,
        position=row.position,
        is_cancelled=row.is_cancelled,
        answer=None if row.answer is None else load(row.answer),
        reason=row.reason,
        tries=row.tries,
        results=results,
    )


def _is_leased(w: Table) -> ColumnElement[bool]:
    return and_(w.c.id == bindparam("which"), w.c.lease_owner == bindparam("me"), w.c.lease_until.is_not(None))


def _is_held(w: Table) -> ColumnElement[bool]:
    """Return that a workflow is somebody's, and where he has it; `_held` has the parameters."""
    return and_(
        _is_leased(w),
        w.c.state == bindparam("direction"),
        w.c.position == bindparam("at"),
    )


def _held(record: Record, owner: str) -> dict[str, Any]:
    return {"which": record.id, "me": owner, "direction": record.state, "at": record.position}


def dump(value: Any) -> str:
    """Return a value as it is stored. Raises TypeError for one that JSON cannot express."""
    return msgspec.json.encode(value).decode()


def load(text: str) -> Any:
    """Return a value as it was before it was stored."""
    return msgspec.json.decode(text)
