"""What was done to servers: one action a request, with events of what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import bindparam, select

from pileus.compute.db.tables import SERVER_ACTION, SERVER_ACTION_EVENT
from pileus.compute.model.action import EVENT_OF, Action, ActionEvent
from pileus.compute.model.error.server import MarkerNotFound
from pileus.compute.model.news import END, ERROR, START, ServerNews
from pileus.compute.model.watch import Progress
from pileus.kit.db import Row, Transaction

_A, _E = SERVER_ACTION.c, SERVER_ACTION_EVENT.c
_UNFINISHED = (
    select(SERVER_ACTION)
    .where(
        _A.server_id == bindparam("which"), _A.action == bindparam("called"), _A.finished_at.is_(None)
    )
    .order_by(_A.number.desc())
    .limit(1)
)  # fmt: skip


_LAST_UNFINISHED = (
    select(SERVER_ACTION)
    .where(_A.server_id == bindparam("which"), _A.finished_at.is_(None))
    .order_by(_A.number.desc())
    .limit(1)
)


def start(tx: Transaction, action: Action) -> None:
    """Write that an action has begun."""
    row = {
        "server_id": action.server_id, "action": action.action, "request_id": action.request_id,
        "user_id": action.user_id, "project_id": action.project_id, "started_at": action.started_at,
        "updated_at": action.started_at, "workflow_id": action.workflow_id,
    }  # fmt: skip
    tx.execute(SERVER_ACTION.insert(), row)
    tx.note(
        ServerNews(
            server_id=action.server_id, action=action.action, phase=START, request_id=action.request_id,
            user_id=action.user_id, project_id=action.project_id, workflow_id=action.workflow_id,
        )
    )  # fmt: skip


def finish(
    tx: Transaction, server_id: str, action: str, now: datetime, *, error: str | None = None, host: str | None = None
) -> None:
    """Write that the last unfinished action of that name has ended, if there is one: well, or with an error."""
    row = tx.first(_UNFINISHED, {"which": server_id, "called": action})
    if row is None:
        return
    message = None if error is None else "Error"  # all that the API says to others than administrators
    statement = SERVER_ACTION.update().where(_A.number == row.number)
    tx.execute(statement.values(finished_at=now, updated_at=now, message=message))
    event = {
        "action_number": row.number, "event": EVENT_OF.get(action, f"compute_{action}_instance"), "host": host,
        "result": "Success" if error is None else "Error", "details": error, "started_at": row.started_at,
        "finished_at": now,
    }  # fmt: skip
    tx.execute(SERVER_ACTION_EVENT.insert(), event)
    _note(tx, row, END if error is None else ERROR, error)


def note_phase(tx: Transaction, server_id: str, action: str, phase: str) -> None:
    """Note that the last unfinished action of that name has come further, for those who are told of it."""
    if tx.notes is not None:
        row = tx.first(_UNFINISHED, {"which": server_id, "called": action})
        if row is not None:
            _note(tx, row, phase, None)


def _note(tx: Transaction, row: Row, phase: str, reason: str | None) -> None:
    tx.note(
        ServerNews(
            server_id=row.server_id, action=row.action, phase=phase, request_id=row.request_id, user_id=row.user_id,
            project_id=row.project_id, workflow_id=row.workflow_id, reason=reason,
        )
    )  # fmt: skip


def add_failure(tx: Transaction, server_id: str, event: str, now: datetime, details: str) -> None:
    """Write a piece of work that failed to the last unfinished action of a server, if there is one."""
    row = tx.first(_LAST_UNFINISHED, {"which": server_id})
    if row is None:
        return
    values = {
        "action_number": row.number, "event": event, "result": "Error", "details": details, "started_at": now,
        "finished_at": now,
    }  # fmt: skip
    tx.execute(SERVER_ACTION_EVENT.insert(), values)


def set_progress(tx: Transaction, server_id: str, workflow_id: str, progress: Progress) -> None:
    """Write how far the workflow of an action is that goes on."""
    statement = SERVER_ACTION.update().where(
        _A.server_id == server_id, _A.workflow_id == workflow_id, _A.finished_at.is_(None)
    )
    tx.execute(statement.values(progress=msgspec.json.encode(progress).decode()))


def list_by_server(
    tx: Transaction,
    server_id: str,
    *,
    changed_since: datetime | None = None,
    changed_before: datetime | None = None,
    marker: str | None = None,
    limit: int | None = None,
) -> Sequence[Action]:
    """Return what was done to a server, the last first. Raises MarkerNotFound; `marker` is a request's id."""
    query = select(SERVER_ACTION).where(_A.server_id == server_id).order_by(_A.number.desc()).limit(limit)
    if changed_since is not None:
        query = query.where(_A.updated_at >= changed_since)
    if changed_before is not None:
        query = query.where(_A.updated_at <= changed_before)
    if marker is not None:
        query = query.where(_A.number < _number_of(tx, server_id, marker))
    return [_action(row, ()) for row in tx.all(query)]


def _number_of(tx: Transaction, server_id: str, request_id: str) -> int:
    number = tx.scalar(select(_A.number).where(_A.server_id == server_id, _A.request_id == request_id))
    if number is None:
        raise MarkerNotFound(marker=request_id)
    return int(number)


def find(tx: Transaction, server_id: str, request_id: str) -> Action | None:
    """Return what one request did to a server, with its events."""
    query = select(SERVER_ACTION).where(_A.server_id == server_id, _A.request_id == request_id)
    row = tx.first(query.order_by(_A.number.desc()))
    if row is None:
        return None
    events = tx.all(select(SERVER_ACTION_EVENT).where(_E.action_number == row.number).order_by(_E.number))
    return _action(row, events)


def find_details(tx: Transaction, server_id: str, event: str) -> str | None:
    """Return what was written of the last piece of work of that name on a server."""
    query = select(_E.details).join(SERVER_ACTION, _A.number == _E.action_number)
    found = tx.first(query.where(_A.server_id == server_id, _E.event == event).order_by(_E.number.desc()).limit(1))
    return None if found is None else str(found.details)


def _action(row: Row, events: Sequence[Row]) -> Action:
    return Action(
        server_id=row.server_id,
        action=row.action,
        request_id=row.request_id,
        user_id=row.user_id,
        project_id=row.project_id,
        message=row.message,
        started_at=row.started_at,
        updated_at=row.updated_at,
        finished_at=row.finished_at,
        events=tuple(_event(event) for event in events),
    )


def _event(row: Row) -> ActionEvent:
    return ActionEvent(
        event=row.event,
        host=row.host,
        result=row.result,
        details=row.details,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )
