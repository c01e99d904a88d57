"""Servers as those see them who watch what is done to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

import msgspec
from sqlalchemy import Select, bindparam, func, or_, select

from pileus.compute.db.tables import SERVER, SERVER_ACTION, SERVER_FAULT, WORKFLOW
from pileus.compute.model.server import VmState
from pileus.compute.model.watch import Progress, WatchedAction, WatchedServer
from pileus.kit.db import Row, Transaction

_A, _S, _W = SERVER_ACTION.c, SERVER.c, WORKFLOW.c
_ACTION = (
    _A.number, _A.action, _A.request_id, _A.started_at, _A.finished_at, _A.message, _A.progress,
    _W.kind, _W.state, _W.position,
)  # fmt: skip
_SERVER = (_S.id, _S.name, _S.project_id, _S.user_id, _S.vm_state, _S.task_state, _S.deleted_at)
_ACTIONS = SERVER_ACTION.outerjoin(WORKFLOW, _W.id == _A.workflow_id)
_LATELY = or_(_A.finished_at.is_(None), _A.finished_at >= bindparam("since"))

_EVERYWHERE: Select[tuple[object, ...]] = (
    select(*_SERVER, *_ACTION)
    .select_from(_ACTIONS.join(SERVER, _S.id == _A.server_id))
    .where(_LATELY)
    .order_by(_S.number, _A.number)
)
# An expression, so that no planner begins with all servers of the project: few have an action under way.
_OF_PROJECT = _EVERYWHERE.where(func.coalesce(_S.project_id, "") == bindparam("which"))
_ONE = select(*_SERVER).where(_S.id == bindparam("which"))
_OF_ONE = select(*_ACTION).select_from(_ACTIONS).where(_A.server_id == bindparam("which")).order_by(_A.number.desc())
_FAULT = (
    select(SERVER_FAULT.c.message)
    .where(SERVER_FAULT.c.server_id == bindparam("which"))
    .order_by(SERVER_FAULT.c.number.desc())
    .limit(1)
)

MOST_ACTIONS = 20  # of one server that are looked at


def find(tx: Transaction, server_id: str, since: datetime) -> WatchedServer | None:
    """Return a server, deleted or not, or None if it is forgotten; also its last action, however long that is ago."""
    row = tx.first(_ONE, {"which": server_id})
    if row is None:
        return None
    found = tx.all(_OF_ONE.limit(MOST_ACTIONS), {"which": server_id})
    shown = [one for i, one in enumerate(found) if i == 0 or one.finished_at is None or one.finished_at >= since]
    return _server(tx, row, shown[::-1])


def list_busy(tx: Transaction, project_id: str | None, since: datetime) -> Sequence[WatchedServer]:
    """Return the servers of a project, or of all, that something is being done to or has been since a time."""
    statement = _EVERYWHERE if project_id is None else _OF_PROJECT
    rows = tx.all(statement, {"since": since, **({} if project_id is None else {"which": project_id})})
    grouped = [list(group) for _, group in groupby(rows, key=lambda row: row.id)]
    return [_server(tx, group[0], group) for group in grouped]


def _server(tx: Transaction, row: Row, actions: Sequence[Row]) -> WatchedServer:
    is_broken = row.vm_state == VmState.ERROR
    return WatchedServer(
        id=row.id,
        name=row.name,
        project_id=row.project_id,
        user_id=row.user_id,
        vm_state=row.vm_state,
        task_state=row.task_state,
        is_deleted=row.deleted_at is not None,
        fault=tx.scalar(_FAULT, {"which": row.id}) if is_broken else None,
        actions=tuple(_action(action) for action in actions),
    )


def _action(row: Row) -> WatchedAction:
    progress = None if row.progress is None else msgspec.json.decode(row.progress, type=Progress)
    is_current = progress is not None and row.state == "do" and row.position == progress.position
    return WatchedAction(
        action=row.action,
        request_id=row.request_id,
        started_at=row.started_at,
        finished_at=row.finished_at,
        is_failed=row.message is not None,
        kind=row.kind,
        is_undoing=row.state in ("undo", "undone"),
        position=row.position or 0,
        progress=progress if is_current else None,
    )
