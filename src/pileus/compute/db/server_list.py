"""Lists of servers: filters, order and pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, false, func, or_, select

from pileus.compute.db.server import with_details
from pileus.compute.db.tables import SERVER
from pileus.compute.model.server import Server, StateMatch
from pileus.kit.db import Transaction

_S = SERVER.c
_EPOCH = datetime(1970, 1, 1)
LIKE_ESCAPE = "!"
"""What takes a sign's meaning away in a LIKE pattern."""

SORT_KEYS: dict[str, ColumnElement[Any]] = {
    "access_ip_v4": _S.access_ip_v4,
    "access_ip_v6": _S.access_ip_v6,
    "auto_disk_config": case((_S.is_disk_config_auto, 1), else_=0),
    "availability_zone": func.coalesce(_S.availability_zone, ""),
    "config_drive": case((_S.has_config_drive, 1), else_=0),
    "created_at": _S.created_at,
    "display_name": _S.name,
    "host": func.coalesce(_S.host, ""),
    "hostname": _S.hostname,
    "image_ref": func.coalesce(_S.image_id, ""),
    "instance_type_id": _S.flavor_id,
    "key_name": func.coalesce(_S.key_name, ""),
    "launch_index": _S.launch_index,
    "launched_at": func.coalesce(_S.launched_at, _EPOCH),
    "node": func.coalesce(_S.node, ""),
    "power_state": _S.power_state,
    "project_id": _S.project_id,
    "root_device_name": func.coalesce(_S.root_device_name, ""),
    "task_state": func.coalesce(_S.task_state, ""),
    "terminated_at": func.coalesce(_S.terminated_at, _EPOCH),
    "updated_at": func.coalesce(_S.updated_at, _EPOCH),
    "user_id": _S.user_id,
    "uuid": _S.id,
    "vm_state": _S.vm_state,
}
"""What a list can be sorted by. Databases do not agree where NULL sorts, so it is made a value here."""

EQUALS: dict[str, ColumnElement[Any]] = {
    "project_id": _S.project_id,
    "user_id": _S.user_id,
    "host": _S.host,
    "node": _S.node,
    "hostname": _S.hostname,
    "flavor": _S.flavor_id,
    "image": _S.image_id,
    "key_name": _S.key_name,
    "reservation_id": _S.reservation_id,
    "vm_state": _S.vm_state,
    "task_state": _S.task_state,
    "power_state": _S.power_state,
    "launch_index": _S.launch_index,
    "availability_zone": _S.availability_zone,
    "uuid": _S.id,
}
"""Filters that compare a column with a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerQuery:
    """Which servers, and in what order. What is empty or None does not restrict."""

    equals: Mapping[str, Any] = field(default_factory=dict)  # a name of EQUALS → the value
    name_like: str | None = None  # a LIKE pattern
    states: Sequence[StateMatch] | None = None
    changed_since: datetime | None = None
    is_deleted: bool | None = False
    is_nothing: bool = False  # a filter that no server can satisfy
    sort: Sequence[tuple[str, bool]] = ()  # (a name of SORT_KEYS, is it descending)
    marker: Server | None = None  # the last server of the page before
    limit: int | None = None


def list_page(tx: Transaction, query: ServerQuery) -> Sequence[Server]:
    """Return one page of servers; the newest first unless `sort` says otherwise."""
    conditions = [EQUALS[name] == value for name, value in query.equals.items()]
    conditions += _conditions(query)
    order = [(SORT_KEYS[key], is_descending) for key, is_descending in query.sort or (("created_at", True),)]
    is_descending_last = order[-1][1]
    keys: list[tuple[ColumnElement[Any], bool]] = [*order, (_S.number, is_descending_last)]
    if query.marker is not None:
        conditions.append(_after(tx, query.marker, keys))
    statement = select(SERVER).where(*conditions)
    statement = statement.order_by(*(key.desc() if is_descending else key.asc() for key, is_descending in keys))
    if query.limit is not None:
        statement = statement.limit(query.limit)
    return with_details(tx, tx.all(statement))


def _conditions(query: ServerQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [false()] if query.is_nothing else []
    if query.name_like is not None:
        conditions.append(_S.name.ilike(query.name_like, escape=LIKE_ESCAPE))
    if query.states is not None:
        conditions.append(or_(false(), *(_in_state(match) for match in query.states)))
    if query.changed_since is not None:
        conditions.append(func.coalesce(_S.updated_at, _S.created_at) >= query.changed_since)
    if query.is_deleted is not None:
        conditions.append(_S.deleted_at.is_not(None) if query.is_deleted else _S.deleted_at.is_(None))
    return conditions


def _in_state(match: StateMatch) -> ColumnElement[bool]:
    is_state = _S.vm_state == match.vm_state
    if match.task_states:
        return and_(is_state, _S.task_state.in_(match.task_states))
    return and_(is_state, or_(_S.task_state.is_(None), _S.task_state.not_in(match.other_than)))


def _after(tx: Transaction, marker: Server, keys: Sequence[tuple[ColumnElement[Any], bool]]) -> ColumnElement[bool]:
    """Return the condition of the rows that come after the marker's, by the first key in which they differ."""
    labelled = [key.label(f"key_{index}") for index, (key, _) in enumerate(keys)]
    row = tx.first(select(*labelled).where(_S.id == marker.id))
    assert row is not None
    found: list[ColumnElement[bool]] = []
    same: list[ColumnElement[bool]] = []
    for (key, is_descending), value in zip(keys, row, strict=True):
        found.append(and_(*same, key < value if is_descending else key > value))
        same.append(key == value)
    return or_(*found)
