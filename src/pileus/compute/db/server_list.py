"""Lists of servers: filters, order and pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_, select

from pileus.compute.db.batches import batches
from pileus.compute.db.server import SELECTION, with_details
from pileus.compute.db.tables import AGGREGATE_HOST, AGGREGATE_METADATA, SERVER, SERVER_TAG
from pileus.compute.model.aggregate import ZONE_KEY
from pileus.compute.model.host import DEFAULT_ZONE
from pileus.compute.model.server import Server, StateMatch
from pileus.compute.model.text_pattern import LIKE_ESCAPE, TextPattern
from pileus.kit.db import Row, Transaction

_S, _T = SERVER.c, SERVER_TAG.c
_EPOCH = datetime(1970, 1, 1)

_ZONE_OF_HOST = (
    select(func.max(AGGREGATE_METADATA.c.value))
    .join(AGGREGATE_HOST, AGGREGATE_HOST.c.aggregate_number == AGGREGATE_METADATA.c.aggregate_number)
    .where(AGGREGATE_METADATA.c.key == ZONE_KEY, AGGREGATE_HOST.c.host == _S.host)
    .correlate(SERVER)
    .scalar_subquery()
)
_ZONE = case(
    (_S.host.is_(None), func.coalesce(_S.availability_zone, "")), else_=func.coalesce(_ZONE_OF_HOST, DEFAULT_ZONE)
)
"""The zone that a server is in, or that it is to be in."""

SORT_KEYS: dict[str, ColumnElement[Any]] = {
    "access_ip_v4": _S.access_ip_v4,
    "access_ip_v6": _S.access_ip_v6,
    "auto_disk_config": case((_S.is_disk_config_auto, 1), else_=0),
    "availability_zone": _ZONE,
    "config_drive": case((_S.has_config_drive, 1), else_=0),
    "created_at": _S.created_at,
    "display_description": func.coalesce(_S.description, ""),
    "display_name": _S.name,
    "host": func.coalesce(_S.host, ""),
    "hostname": _S.hostname,
    "image_ref": func.coalesce(_S.image_id, ""),
    "instance_type_id": _S.flavor_id,
    "key_name": func.coalesce(_S.key_name, ""),
    "launch_index": _S.launch_index,
    "launched_at": func.coalesce(_S.launched_at, _EPOCH),
    "locked": case((_S.locked_by.is_(None), 0), else_=1),
    "locked_by": func.coalesce(_S.locked_by, ""),
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
    "flavor": _S.flavor_id,
    "image": _S.image_id,
    "reservation_id": _S.reservation_id,
    "vm_state": _S.vm_state,
    "task_state": _S.task_state,
    "power_state": _S.power_state,
    "launch_index": _S.launch_index,
    "locked_by": _S.locked_by,
    "root_device_name": _S.root_device_name,
    "access_ip_v4": _S.access_ip_v4,
    "access_ip_v6": _S.access_ip_v6,
    "auto_disk_config": _S.is_disk_config_auto,
    "config_drive": _S.has_config_drive,
    "uuid": _S.id,
}
"""Filters that compare a column with a value."""

PATTERNS: dict[str, ColumnElement[Any]] = {
    "name": _S.name,
    "description": _S.description,
    "hostname": _S.hostname,
    "key_name": _S.key_name,
    "availability_zone": _ZONE,
}
"""Filters that look for a pattern in a column."""

MOMENTS: dict[str, ColumnElement[Any]] = {
    "created_at": _S.created_at,
    "launched_at": _S.launched_at,
    "terminated_at": _S.terminated_at,
}
"""Filters that compare a time with one, to the second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TagsWish:
    """Which tags servers shall have. What is empty does not restrict."""

    all_of: Sequence[str] = ()
    any_of: Sequence[str] = ()
    not_all_of: Sequence[str] = ()
    none_of: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerQuery:
    """Which servers, and in what order. What is empty or None does not restrict."""

    equals: Mapping[str, Any] = field(default_factory=dict)  # a name of EQUALS → the value
    patterns: Mapping[str, TextPattern] = field(default_factory=dict)  # a name of PATTERNS → what to look for
    moments: Mapping[str, datetime] = field(default_factory=dict)  # a name of MOMENTS → the time
    states: Sequence[StateMatch] | None = None
    tags: TagsWish = TagsWish()
    is_locked: bool | None = None
    changed_since: datetime | None = None
    changed_before: datetime | None = None
    is_deleted: bool | None = False
    is_nothing: bool = False  # a filter that no server can satisfy
    sort: Sequence[tuple[str, bool]] = ()  # (a name of SORT_KEYS, is it descending)
    marker: Server | None = None  # the last server of the page before
    limit: int | None = None


def list_page(tx: Transaction, query: ServerQuery) -> Sequence[Server]:
    """Return one page of servers; the newest first unless `sort` says otherwise."""
    return with_details(tx, _page(tx, query, SELECTION))


def list_names(tx: Transaction, query: ServerQuery) -> Sequence[tuple[str, str]]:
    """Return one page of servers: their ids and names."""
    return [(row.id, row.name) for row in _page(tx, query, select(_S.number, _S.id, _S.name))]


def _page(tx: Transaction, query: ServerQuery, columns: Select[Any]) -> Sequence[Row]:
    conditions = [EQUALS[name] == value for name, value in query.equals.items()]
    conditions += _conditions(query)
    order = [(SORT_KEYS[key], is_descending) for key, is_descending in query.sort or (("created_at", True),)]
    is_descending_last = order[-1][1]
    keys: list[tuple[ColumnElement[Any], bool]] = [*order, (_S.number, is_descending_last)]
    if query.marker is not None:
        conditions.append(_after(tx, query.marker, keys))
    ordered = [key.desc() if is_descending else key.asc() for key, is_descending in keys]
    if any(pattern.matches for pattern in query.patterns.values()):
        numbers = _matching(tx, query, select(_S.number).where(*conditions).order_by(*ordered))
        return _in_batches(tx, columns, numbers)
    statement = columns.where(*conditions).order_by(*ordered)
    if query.limit is not None:
        statement = statement.limit(query.limit)
    return tx.all(statement)


def _matching(tx: Transaction, query: ServerQuery, candidates: Select[Any]) -> Sequence[int]:
    """Return the numbers of the page's servers, where LIKE cannot say all that a pattern says."""
    columns = [(PATTERNS[name], pattern.matches) for name, pattern in query.patterns.items() if pattern.matches]
    found: list[int] = []
    for number, *texts in tx.tuples(candidates.add_columns(*(column for column, _ in columns))):
        if query.limit is not None and len(found) == query.limit:
            break
        if all(matches(text or "") for (_, matches), text in zip(columns, texts, strict=True)):
            found.append(number)
    return found


def _in_batches(tx: Transaction, columns: Select[Any], numbers: Sequence[int]) -> list[Row]:
    rows = [row for some in batches(numbers) for row in tx.all(columns.where(_S.number.in_(some)))]
    place = {number: index for index, number in enumerate(numbers)}
    return sorted(rows, key=lambda row: place[row.number])


def _conditions(query: ServerQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [false()] if query.is_nothing else []
    for name, pattern in query.patterns.items():
        if pattern.like is not None:
            conditions.append(PATTERNS[name].ilike(pattern.like, escape=LIKE_ESCAPE))
    conditions += [MOMENTS[name].between(moment, _end(moment)) for name, moment in query.moments.items()]
    conditions += _tagged(query.tags)
    if query.states is not None:
        conditions.append(or_(false(), *(_in_state(match) for match in query.states)))
    if query.changed_since is not None:
        conditions.append(func.coalesce(_S.updated_at, _S.created_at) >= query.changed_since)
    if query.changed_before is not None:
        conditions.append(func.coalesce(_S.updated_at, _S.created_at) <= query.changed_before)
    if query.is_locked is not None:
        conditions.append(_S.locked_by.is_not(None) if query.is_locked else _S.locked_by.is_(None))
    if query.is_deleted is not None:
        conditions.append(_S.deleted_at.is_not(None) if query.is_deleted else _S.deleted_at.is_(None))
    return conditions


def _end(moment: datetime) -> datetime:
    """Return the end of the second, if the time is told to the second."""
    return moment if moment.microsecond else moment + timedelta(microseconds=999999)


def _tagged(wish: TagsWish) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wish.all_of:
        conditions.append(_S.id.in_(_with_all(wish.all_of)))
    if wish.any_of:
        conditions.append(_S.id.in_(_with_any(wish.any_of)))
    if wish.not_all_of:
        conditions.append(_S.id.not_in(_with_all(wish.not_all_of)))
    if wish.none_of:
        conditions.append(_S.id.not_in(_with_any(wish.none_of)))
    return conditions


def _with_any(tags: Sequence[str]) -> Select[Any]:
    return select(_T.server_id).where(_T.tag.in_(tags))


def _with_all(tags: Sequence[str]) -> Select[Any]:
    return _with_any(tags).group_by(_T.server_id).having(func.count() == len(set(tags)))


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
