"""Pages of a list of namespaces, or of what one holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_

from pileus.image.model.metadef_query import Page
from pileus.kit.db import Transaction


def apply(
    statement: Select[Any], page: Page, order: Sequence[ColumnElement[Any]], after: Sequence[Any] | None
) -> Select[Any]:
    """Return one page of a statement; `order` ends with a key that no two rows share, `after` are the marker's keys."""
    if after is not None:
        statement = statement.where(_is_after(order, after, is_descending=page.is_descending))
    statement = statement.order_by(*(each.desc() if page.is_descending else each.asc() for each in order))
    return statement if page.limit is None else statement.limit(page.limit)


def sortable(column: ColumnElement[Any], *, is_nullable: bool) -> ColumnElement[Any]:
    """Return a column in which what is not said counts as empty: databases disagree where NULL belongs."""
    return func.coalesce(column, "") if is_nullable else column


def keys(tx: Transaction, statement: Select[Any], order: Sequence[ColumnElement[Any]]) -> Sequence[Any] | None:
    """Return by what a row is sorted, or None if there is no such row."""
    return tx.first(statement.with_only_columns(*order))


def _is_after(order: Sequence[ColumnElement[Any]], after: Sequence[Any], *, is_descending: bool) -> ColumnElement[bool]:
    """Tell whether a row comes later in the first key, or is equal there and comes later in the next."""
    alternatives = []
    equal: list[ColumnElement[bool]] = []
    for column, value in zip(order, after, strict=True):
        there = literal(value, column.type)
        alternatives.append(and_(*equal, column < there if is_descending else column > there))
        equal.append(column == there)
    return or_(*alternatives)
