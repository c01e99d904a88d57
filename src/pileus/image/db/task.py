"""Tasks in the database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, or_, select

from pileus.image.db import import_tables
from pileus.image.model.import_errors import TaskNotFound
from pileus.image.model.task import PROCESSING, Task, TaskQuery
from pileus.kit.db import Row, Transaction

_t = import_tables.task
_COLUMNS = tuple(column.name for column in _t.c)
_DOCUMENTS = ("input", "result")
_GET = select(_t).where(_t.c.id == bindparam("of_id"))
_OF_IMAGE = select(_t).where(_t.c.image_id == bindparam("of_image")).order_by(_t.c.created_at, _t.c.id)
_EXPIRE = _t.delete().where(_t.c.expires_at < bindparam("now"))


def insert(tx: Transaction, task: Task) -> None:
    """Add a task."""
    tx.execute(_t.insert(), _stored({name: getattr(task, name) for name in _COLUMNS}))


def update(tx: Transaction, task_id: str, now: datetime, **values: Any) -> None:
    """Write columns of a task; one that is gone stays so."""
    tx.execute(_t.update().where(_t.c.id == task_id).values(updated_at=now, **_stored(values)))


def find(tx: Transaction, task_id: str) -> Task | None:
    """Return a task, or None."""
    row = tx.first(_GET, {"of_id": task_id})
    return None if row is None else _task(row)


def get(tx: Transaction, task_id: str, owner: str | None) -> Task:
    """Return a task, if it is this project's or `owner` is None. Raises TaskNotFound."""
    task = find(tx, task_id)
    if task is None or owner not in (None, task.owner):
        raise TaskNotFound(task_id=task_id)
    return task


def say(tx: Transaction, task_id: str, message: str, now: datetime) -> None:
    """Write the message of a task that is under way; what one that has ended says stays."""
    is_under_way = and_(_t.c.id == task_id, _t.c.status == PROCESSING)
    tx.execute(_t.update().where(is_under_way).values(message=message, updated_at=now))


def list_of_image(tx: Transaction, image_id: str) -> Sequence[Task]:
    """Return an image's tasks, the oldest first."""
    return [_task(row) for row in tx.all(_OF_IMAGE, {"of_image": image_id})]


def list_page(tx: Transaction, query: TaskQuery) -> Sequence[Task]:
    """Return one page of tasks."""
    statement = select(_t)
    for name in ("owner", "status", "type"):
        if getattr(query, name) is not None:
            statement = statement.where(_t.c[name] == getattr(query, name))
    key, number = _t.c[query.sort_key], _t.c.id
    if query.marker is not None:
        value, marker_id = getattr(query.marker, query.sort_key), query.marker.id
        if query.is_descending:
            statement = statement.where(or_(key < value, and_(key == value, number < marker_id)))
        else:
            statement = statement.where(or_(key > value, and_(key == value, number > marker_id)))
    order = (key.desc(), number.desc()) if query.is_descending else (key, number)
    return [_task(row) for row in tx.all(statement.order_by(*order).limit(query.limit))]


def expire(tx: Transaction, now: datetime) -> int:
    """Remove tasks whose time is up; return how many."""
    return tx.changed(_EXPIRE, {"now": now})


def _stored(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: json.dumps(value) if name in _DOCUMENTS and value is not None else value for name, value in values.items()
    }


def _task(row: Row) -> Task:
    values = {name: getattr(row, name) for name in _COLUMNS}
    for name in _DOCUMENTS:
        if values[name] is not None:
            values[name] = json.loads(values[name])
    return Task(**values)
