"""Pages of a list of images."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Label, Select, and_, case, exists, false, or_, select, tuple_, union

from pileus.image.db import lead, tables
from pileus.image.db.image import is_whole, list_of, sorted_as, sorting, value_key
from pileus.image.model.image import COMMUNITY, PUBLIC, SHARED, Image
from pileus.image.model.query import Filter, ImageQuery, Sort, Viewer
from pileus.image.model.status import PENDING_DELETE
from pileus.kit.db import Transaction

_t = tables.image
_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "neq": operator.ne,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def list_images(tx: Transaction, viewer: Viewer, query: ImageQuery) -> list[Image]:
    """Return one page, by as many statements whatever is on it."""
    few = lead.find(tx, viewer, query)
    if few is not None:
        (image_id,) = few.c
        # What is asked of the id alone is asked before the image is fetched.
        found = select(_t.c.id).join(few, image_id == _t.c.id).where(*_conditions(viewer, query, image_id))
        statement = _page(found, query)
    elif lead.is_merged(viewer, query):
        statement = _merged(tx, viewer, query)
    else:
        statement = _page(select(_t.c.id).where(*_walked(tx, viewer, query)), query)
    return list_of(tx, [image_id for image_id, *_ in tx.tuples(statement)], viewer.project_id)


def _merged(tx: Transaction, viewer: Viewer, query: ImageQuery) -> Select[Any]:
    """Return the page of all that a caller sees, made of a page of each reason for which he sees an image."""
    keys = [sorting(sort.key).label(f"key_{number}") for number, sort in enumerate(query.sort)]
    walked = list(_walked(tx, viewer, query))
    pages = [
        select(_page(_of_reason(reason, keys).where(*walked), query).subquery(f"reason_{number}"))
        for number, reason in enumerate(lead.reasons(viewer, query))
    ]
    found = union(*pages).subquery("found")
    order = [_ordered(found.c[key.name], sort) for key, sort in zip(keys, query.sort, strict=True)]
    return select(found.c.id).order_by(*order).limit(query.limit)


def _of_reason(reason: lead.Reason, keys: Sequence[Label[Any]]) -> Select[Any]:
    chosen = select(_t.c.id.label("id"), *keys)
    if reason.membership is None:
        return chosen.where(reason.condition)
    return chosen.join(reason.membership, reason.membership.c.image_id == _t.c.id).where(reason.condition)


def _page(statement: Select[Any], query: ImageQuery) -> Select[Any]:
    """Return the part of all that is found that goes on the page."""
    if query.marker is not None:
        statement = statement.where(_is_after(query.marker, query.sort))
    return statement.order_by(*(_ordered(sorting(sort.key), sort) for sort in query.sort)).limit(query.limit)


def _ordered(column: ColumnElement[Any], sort: Sort) -> ColumnElement[Any]:
    return column.desc() if sort.is_descending else column.asc()


def _walked(tx: Transaction, viewer: Viewer, query: ImageQuery) -> Iterable[ColumnElement[bool]]:
    """Return what is asked of images on the way along an index."""
    walked = _conditions(viewer, query, _t.c.id)
    # PostgreSQL knows what is common, and would take what is hidden from it for rare.
    return walked if tx.dialect == "postgresql" else map(_checked, walked)


def _checked(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return a condition that is asked of each row on the way: no index of its own can tempt away from the order."""
    return case((condition, 1), else_=0) == 1


def _conditions(viewer: Viewer, query: ImageQuery, image_id: ColumnElement[str]) -> Iterator[ColumnElement[bool]]:
    """Yield what must hold of an image on the list, the cheapest to ask first."""
    yield _t.c.status != PENDING_DELETE
    yield from map(_holds, query.filters)
    if query.visibility not in (None, "all"):
        yield _t.c.visibility == query.visibility
    elif query.visibility is None:
        yield or_(_t.c.visibility != COMMUNITY, _is_owned(viewer))
    if not viewer.is_admin:
        yield or_(_t.c.visibility.in_((PUBLIC, COMMUNITY)), _is_owned(viewer), _is_shared(viewer, query.member_status))
    for tag in query.tags:
        yield _has_tag(image_id, tag)
    for name, value in query.properties.items():
        yield _has_property(image_id, name, value)


def _is_owned(viewer: Viewer) -> ColumnElement[bool]:
    return false() if viewer.project_id is None else _t.c.owner == viewer.project_id


def _is_shared(viewer: Viewer, status: str) -> ColumnElement[bool]:
    m = tables.image_member
    is_member = exists().where(m.c.image_id == _t.c.id, m.c.member_id == viewer.project_id)
    if status != "all":
        is_member = is_member.where(m.c.status == status)
    return and_(_t.c.visibility == SHARED, is_member)


def _holds(condition: Filter) -> ColumnElement[bool]:
    column = _t.c[condition.name]
    if condition.operator == "in":
        return column.in_(condition.value)
    result: ColumnElement[bool] = _COMPARISONS[condition.operator](column, condition.value)
    return result


def _has_property(image_id: ColumnElement[str], name: str, value: str) -> ColumnElement[bool]:
    p = tables.image_property
    found = exists().where(p.c.image_id == image_id, p.c.name == name, p.c.value_key == value_key(value))
    return found if is_whole(value) else found.where(p.c.value == value)


def _has_tag(image_id: ColumnElement[str], tag: str) -> ColumnElement[bool]:
    return exists().where(tables.image_tag.c.image_id == image_id, tables.image_tag.c.value == tag)


def _is_after(marker: Image, sorts: tuple[Sort, ...]) -> ColumnElement[bool]:
    """Tell whether an image comes after `marker`: later in the first key, or equal there and later in the next.

    The first key is bounded apart from that, because an index is entered only where a column is compared by itself.
    """
    columns = [sorting(sort.key) for sort in sorts]
    values = [sorted_as(sort.key, getattr(marker, sort.key)) for sort in sorts]
    bound = columns[0] <= values[0] if sorts[0].is_descending else columns[0] >= values[0]
    if len({sort.is_descending for sort in sorts}) == 1:
        row, last = tuple_(*columns), tuple_(*values)
        return and_(bound, row < last if sorts[0].is_descending else row > last)
    alternatives = []
    equal: list[ColumnElement[bool]] = []
    for sort, column, value in zip(sorts, columns, values, strict=True):
        alternatives.append(and_(*equal, column < value if sort.is_descending else column > value))
        equal.append(column == value)
    return and_(bound, or_(*alternatives))
