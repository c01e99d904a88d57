"""Pages of a list of images."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, true

from pileus.image.db import tables
from pileus.image.db.image import selection, with_parts
from pileus.image.model.image import COMMUNITY, PUBLIC, SHARED, Image
from pileus.image.model.query import Filter, ImageQuery, Sort, Viewer
from pileus.kit.db import Transaction

_t = tables.image
_member = tables.image_member
_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "neq": operator.ne,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def list_images(tx: Transaction, viewer: Viewer, query: ImageQuery) -> list[Image]:
    """Return one page."""
    statement = selection().where(_is_listed(viewer, query))
    for condition in query.filters:
        statement = statement.where(_holds(condition))
    for name, value in query.properties.items():
        statement = statement.where(_has_property(name, value))
    for tag in query.tags:
        statement = statement.where(_has_tag(tag))
    if query.marker is not None:
        statement = statement.where(_is_after(query.marker, query.sort))
    for sort in query.sort:
        column = _sortable(sort.key)
        statement = statement.order_by(column.desc() if sort.is_descending else column.asc())
    rows = tx.all(statement.limit(query.limit), {"viewer": viewer.project_id})
    return with_parts(tx, rows)


def _is_listed(viewer: Viewer, query: ImageQuery) -> ColumnElement[bool]:
    """Who may see it, and what belongs into the list that was asked for."""
    return and_(_may_see(viewer, query.member_status), _is_asked_for(viewer, query.visibility))


def _may_see(viewer: Viewer, member_status: str) -> ColumnElement[bool]:
    if viewer.is_admin:
        return true()
    shared = and_(_t.c.visibility == SHARED, _member.c.member_id.is_not(None))
    if member_status != "all":
        shared = and_(shared, _member.c.status == member_status)
    return or_(_t.c.visibility.in_((PUBLIC, COMMUNITY)), _is_owned(viewer), shared)


def _is_asked_for(viewer: Viewer, visibility: str | None) -> ColumnElement[bool]:
    if visibility == "all":
        return true()
    if visibility is not None:
        return _t.c.visibility == visibility
    return or_(_t.c.visibility != COMMUNITY, _is_owned(viewer))


def _is_owned(viewer: Viewer) -> ColumnElement[bool]:
    return false() if viewer.project_id is None else _t.c.owner == viewer.project_id


def _holds(condition: Filter) -> ColumnElement[bool]:
    column = _t.c[condition.name]
    if condition.operator == "in":
        return column.in_(condition.value)
    result: ColumnElement[bool] = _COMPARISONS[condition.operator](column, condition.value)
    return result


def _has_property(name: str, value: str) -> ColumnElement[bool]:
    p = tables.image_property
    return exists().where(p.c.image_id == _t.c.id, p.c.name == name, p.c.value == value)


def _has_tag(tag: str) -> ColumnElement[bool]:
    return exists().where(tables.image_tag.c.image_id == _t.c.id, tables.image_tag.c.value == tag)


def _sortable(key: str) -> ColumnElement[Any]:
    """Return a column in which what is not set counts as empty or 0: databases disagree where NULL belongs."""
    column = _t.c[key]
    return func.coalesce(column, 0 if key == "size" else "") if column.nullable else column


def _is_after(marker: Image, sorts: tuple[Sort, ...]) -> ColumnElement[bool]:
    """Tell whether an image comes after `marker`: later in the first key, or equal there and later in the next."""
    alternatives = []
    equal: list[ColumnElement[bool]] = []
    for sort in sorts:
        column, value = _sortable(sort.key), getattr(marker, sort.key)
        if value is None:
            value = 0 if sort.key == "size" else ""
        later = column < value if sort.is_descending else column > value
        alternatives.append(and_(*equal, later))
        equal.append(column == value)
    return or_(*alternatives)
