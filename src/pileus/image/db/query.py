"""Pages of a list of images."""

from __future__ import annotations

import operator as operators
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Label,
    Select,
    SelectBase,
    and_,
    bindparam,
    case,
    exists,
    false,
    literal_column,
    or_,
    select,
    tuple_,
    union,
)

from pileus.image.db import lead, shape, tables
from pileus.image.db.image import list_page, of_page, sorting
from pileus.image.db.shape import KEPT, Shape, place
from pileus.image.model.image import COMMUNITY, PUBLIC, SHARED, Image
from pileus.image.model.query import ImageQuery, Sort, Viewer
from pileus.image.model.status import PENDING_DELETE
from pileus.kit.db import Transaction

_t = tables.image
_ONE: ColumnElement[int] = literal_column("1", Integer)
_ZERO: ColumnElement[int] = literal_column("0", Integer)
_LIMIT = bindparam("limit", type_=Integer)
_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operators.eq,
    "neq": operators.ne,
    "gt": operators.gt,
    "gte": operators.ge,
    "lt": operators.lt,
    "lte": operators.le,
}


def list_images(tx: Transaction, viewer: Viewer, query: ImageQuery) -> list[Image]:
    """Return one page, by as many statements whatever is on it: one finds the images, one what they have."""
    asked, values = shape.of(viewer, query), shape.values(viewer, query)
    return list_page(tx, _statement(asked, lead.find(tx, asked, values), tx.dialect), values)


@lru_cache(maxsize=KEPT)
def _statement(asked: Shape, led_by: int | None, dialect: str) -> Select[Any]:
    """Return the select of a page; see `shape` why it is kept."""
    few = None if led_by is None else lead.follow(asked, led_by)
    if isinstance(few, list):
        page = _gathered(few, asked, dialect)
    elif few is not None:
        (image_id,) = few.c
        # What is asked of the id alone is asked before the image is fetched.
        found = select(_t.c.id).join(few, image_id == _t.c.id).where(*_conditions(asked, image_id))
        page = _page(found, asked)
    elif lead.is_merged(asked):
        page = _merged(asked, dialect)
    else:
        page = _page(select(_t.c.id).where(*_walked(dialect, _conditions(asked, _t.c.id))), asked)
    return of_page(page, _order(asked))


def _merged(asked: Shape, dialect: str) -> Select[Any]:
    """Return the page of all that a caller sees, made of a page of each reason for which he sees an image."""
    keys, must_hold = _keys(asked), _must_hold(asked, dialect)
    pages = [
        select(_page(_of_reason(reason, keys, must_hold, dialect), asked).subquery(f"reason_{number}"))
        for number, reason in enumerate(lead.reasons(asked))
    ]
    return _sorted(union(*pages), keys, asked)


def _gathered(reasons: Sequence[lead.Reason], asked: Shape, dialect: str) -> Select[Any]:
    """Return the page of the few images that a caller sees: all that there is each reason for, sorted."""
    keys, must_hold = _keys(asked), _must_hold(asked, dialect)
    if asked.has_marker:
        must_hold.append(_checked(_is_after_marker(asked.sort)))
    found = [_of_reason(reason, keys, must_hold, dialect) for reason in reasons]
    # Neither can be dissolved into the one around it, so that no order tempts a database to another index.
    return _sorted(union(*found) if len(found) > 1 else found[0].limit(lead.MANY), keys, asked)


def _keys(asked: Shape) -> list[Label[Any]]:
    return [sorting(sort.key).label(f"key_{number}") for number, sort in enumerate(asked.sort)]


def _must_hold(asked: Shape, dialect: str) -> list[ColumnElement[bool]]:
    """Return what must hold of an image on the list that there is a reason to see."""
    return list(_walked(dialect, (_t.c.status != PENDING_DELETE, *_filters(asked), *_marks(asked, _t.c.id))))


def _of_reason(
    reason: lead.Reason, keys: Sequence[Label[Any]], must_hold: Sequence[ColumnElement[bool]], dialect: str
) -> Select[Any]:
    """Return what of a list there is a reason for."""
    chosen = select(_t.c.id.label("id"), *keys)
    if reason.membership is not None:
        chosen = chosen.join(reason.membership, reason.membership.c.image_id == _t.c.id)
    return chosen.where(reason.condition, *_walked(dialect, reason.further), *must_hold)


def _sorted(found: SelectBase, keys: Sequence[Label[Any]], asked: Shape) -> Select[Any]:
    named = found.subquery("found")
    order = [_ordered(named.c[key.name], sort) for key, sort in zip(keys, asked.sort, strict=True)]
    return select(named.c.id).order_by(*order).limit(_LIMIT)


def _page(statement: Select[Any], asked: Shape) -> Select[Any]:
    """Return the part of all that is found that goes on the page."""
    if asked.has_marker:
        statement = statement.where(_is_after_marker(asked.sort))
    return statement.order_by(*_order(asked)).limit(_LIMIT)


def _order(asked: Shape) -> list[ColumnElement[Any]]:
    return [_ordered(sorting(sort.key), sort) for sort in asked.sort]


def _ordered(column: ColumnElement[Any], sort: Sort) -> ColumnElement[Any]:
    return column.desc() if sort.is_descending else column.asc()


def _walked(dialect: str, conditions: Iterable[ColumnElement[bool]]) -> Iterable[ColumnElement[bool]]:
    """Return what is asked of images on the way along an index."""
    # PostgreSQL knows what is common, and would take what is hidden from it for rare.
    return conditions if dialect == "postgresql" else map(_checked, conditions)


def _checked(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return a condition that is asked of each row on the way: no index of its own can tempt away from the order."""
    return case((condition, _ONE), else_=_ZERO) == _ONE


def _conditions(asked: Shape, image_id: ColumnElement[str]) -> Iterator[ColumnElement[bool]]:
    """Yield what must hold of an image on the list, the cheapest to ask first."""
    yield _t.c.status != PENDING_DELETE
    yield from _filters(asked)
    if asked.visibility not in (None, "all"):
        yield _t.c.visibility == asked.visibility
    elif asked.visibility is None:
        yield or_(_t.c.visibility != COMMUNITY, _is_owned(asked))
    if not asked.is_admin:
        yield or_(_t.c.visibility.in_((PUBLIC, COMMUNITY)), _is_owned(asked), _is_shared(asked.member_status))
    yield from _marks(asked, image_id)


def _marks(asked: Shape, image_id: ColumnElement[str]) -> Iterator[ColumnElement[bool]]:
    """Yield what must hold of an image's tags and properties, each of which is a look at another table."""
    for number in range(asked.tags):
        yield _has_tag(image_id, number)
    for number, is_whole in enumerate(asked.properties):
        yield _has_property(image_id, number, is_whole=is_whole)


def _is_owned(asked: Shape) -> ColumnElement[bool]:
    return _t.c.owner == bindparam("viewer") if asked.has_project else false()


def _is_shared(status: str) -> ColumnElement[bool]:
    m = tables.image_member
    is_member = exists().where(m.c.image_id == _t.c.id, m.c.member_id == bindparam("viewer"))
    if status != "all":
        is_member = is_member.where(m.c.status == status)
    return and_(_t.c.visibility == SHARED, is_member)


def _filters(asked: Shape) -> Iterator[ColumnElement[bool]]:
    for number, (name, operator) in enumerate(asked.filters):
        value = place("filter", number, is_list=operator == "in")
        yield _t.c[name].in_(value) if operator == "in" else _COMPARISONS[operator](_t.c[name], value)


def _has_property(image_id: ColumnElement[str], number: int, *, is_whole: bool) -> ColumnElement[bool]:
    p, name, key = tables.image_property, place("property", number), place("property_key", number)
    found = exists().where(p.c.image_id == image_id, p.c.name == name, p.c.value_key == key)
    return found if is_whole else found.where(p.c.value == place("property_value", number))


def _has_tag(image_id: ColumnElement[str], number: int) -> ColumnElement[bool]:
    t = tables.image_tag
    return exists().where(t.c.image_id == image_id, t.c.value == place("tag", number))


def _is_after_marker(sorts: tuple[Sort, ...]) -> ColumnElement[bool]:
    """Tell whether an image comes after the marker: later in the first key, or equal there and later in the next.

    The first key is bounded apart from that, because an index is entered only where a column is compared by itself.
    """
    columns = [sorting(sort.key) for sort in sorts]
    values = [place("marker", number, type_=column.type) for number, column in enumerate(columns)]
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
