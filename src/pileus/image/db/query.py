"""Pages of a list of images."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Label,
    Select,
    SelectBase,
    and_,
    case,
    exists,
    false,
    literal_column,
    or_,
    select,
    tuple_,
    union,
)

from pileus.image.db import lead, tables
from pileus.image.db.image import is_whole, list_page, sorted_as, sorting, value_key
from pileus.image.model.image import COMMUNITY, PUBLIC, SHARED, Image
from pileus.image.model.query import Filter, ImageQuery, Sort, Viewer
from pileus.image.model.status import PENDING_DELETE
from pileus.kit.db import Transaction

_t = tables.image
_ONE: ColumnElement[int] = literal_column("1", Integer)
_ZERO: ColumnElement[int] = literal_column("0", Integer)
_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "neq": operator.ne,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def list_images(tx: Transaction, viewer: Viewer, query: ImageQuery) -> list[Image]:
    """Return one page, by as many statements whatever is on it: one finds the images, one what they have."""
    few = lead.find(tx, viewer, query)
    if isinstance(few, list):
        page = _gathered(tx, few, query)
    elif few is not None:
        (image_id,) = few.c
        # What is asked of the id alone is asked before the image is fetched.
        found = select(_t.c.id).join(few, image_id == _t.c.id).where(*_conditions(viewer, query, image_id))
        page = _page(found, query)
    elif lead.is_merged(viewer, query):
        page = _merged(tx, viewer, query)
    else:
        page = _page(select(_t.c.id).where(*_walked(tx, _conditions(viewer, query, _t.c.id))), query)
    return list_page(tx, page, _order(query), viewer.project_id)


def _merged(tx: Transaction, viewer: Viewer, query: ImageQuery) -> Select[Any]:
    """Return the page of all that a caller sees, made of a page of each reason for which he sees an image."""
    keys, asked = _keys(query), _asked(tx, query)
    pages = [
        select(_page(_of_reason(tx, reason, keys, asked), query).subquery(f"reason_{number}"))
        for number, reason in enumerate(lead.reasons(viewer, query))
    ]
    return _sorted(union(*pages), keys, query)


def _gathered(tx: Transaction, reasons: Sequence[lead.Reason], query: ImageQuery) -> Select[Any]:
    """Return the page of the few images that a caller sees: all that there is each reason for, sorted."""
    keys, asked = _keys(query), _asked(tx, query)
    if query.marker is not None:
        asked.append(_checked(_is_after(query.marker, query.sort)))
    found = [_of_reason(tx, reason, keys, asked) for reason in reasons]
    # Neither can be dissolved into the one around it, so that no order tempts a database to another index.
    return _sorted(union(*found) if len(found) > 1 else found[0].limit(lead.MANY), keys, query)


def _keys(query: ImageQuery) -> list[Label[Any]]:
    return [sorting(sort.key).label(f"key_{number}") for number, sort in enumerate(query.sort)]


def _asked(tx: Transaction, query: ImageQuery) -> list[ColumnElement[bool]]:
    """Return what must hold of an image on the list that there is a reason to see."""
    asked = (_t.c.status != PENDING_DELETE, *map(_holds, query.filters), *_marks(query, _t.c.id))
    return list(_walked(tx, asked))


def _of_reason(
    tx: Transaction, reason: lead.Reason, keys: Sequence[Label[Any]], asked: Sequence[ColumnElement[bool]]
) -> Select[Any]:
    """Return what of a list there is a reason for."""
    chosen = select(_t.c.id.label("id"), *keys)
    if reason.membership is not None:
        chosen = chosen.join(reason.membership, reason.membership.c.image_id == _t.c.id)
    return chosen.where(reason.condition, *_walked(tx, reason.further), *asked)


def _sorted(found: SelectBase, keys: Sequence[Label[Any]], query: ImageQuery) -> Select[Any]:
    named = found.subquery("found")
    order = [_ordered(named.c[key.name], sort) for key, sort in zip(keys, query.sort, strict=True)]
    return select(named.c.id).order_by(*order).limit(query.limit)


def _page(statement: Select[Any], query: ImageQuery) -> Select[Any]:
    """Return the part of all that is found that goes on the page."""
    if query.marker is not None:
        statement = statement.where(_is_after(query.marker, query.sort))
    return statement.order_by(*_order(query)).limit(query.limit)


def _order(query: ImageQuery) -> list[ColumnElement[Any]]:
    return [_ordered(sorting(sort.key), sort) for sort in query.sort]


def _ordered(column: ColumnElement[Any], sort: Sort) -> ColumnElement[Any]:
    return column.desc() if sort.is_descending else column.asc()


def _walked(tx: Transaction, conditions: Iterable[ColumnElement[bool]]) -> Iterable[ColumnElement[bool]]:
    """Return what is asked of images on the way along an index."""
    # PostgreSQL knows what is common, and would take what is hidden from it for rare.
    return conditions if tx.dialect == "postgresql" else map(_checked, conditions)


def _checked(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return a condition that is asked of each row on the way: no index of its own can tempt away from the order."""
    return case((condition, _ONE), else_=_ZERO) == _ONE


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
    yield from _marks(query, image_id)


def _marks(query: ImageQuery, image_id: ColumnElement[str]) -> Iterator[ColumnElement[bool]]:
    """Yield what must hold of an image's tags and properties, each of which is a look at another table."""
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
