"""What every list can be asked: filters, and pages in the order of ids. All of it runs in the database.

`FILTERS = {"name": user.c.name, …}` lies beside a noun's statements, its handler reads the query with
`asked(request, backend, user.FILTERS)` (see `api/listing.py`), and its `list_…` runs
`apply(tx, select(user), user.c.id, FILTERS, asked)`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Select, collate, false, func

from pileus.identity.model.errors import MarkerNotFound
from pileus.kit.db import Transaction

Filters = Mapping[str, ColumnElement[Any]]
"""What a list can be filtered by: the API's names and where they are kept."""

Value = str | bool | datetime

_COMPARE: dict[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    "eq": eq,
    "neq": ne,
    "lt": lt,
    "lte": le,
    "gt": gt,
    "gte": ge,
    "contains": lambda column, part: column.contains(part, autoescape=True),
    "startswith": lambda column, part: column.startswith(part, autoescape=True),
    "endswith": lambda column, part: column.endswith(part, autoescape=True),
}
PARTS = ("contains", "startswith", "endswith")
"""Comparators of a part of a text; with an `i` before them upper and lower case are one."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition: `name` is the API's, `comparator` one of eq, neq, lt, lte, gt, gte or of PARTS."""

    name: str
    value: Value
    comparator: str = "eq"
    is_case_blind: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody wants of a list. `limit`: rows at most; `marker`: the id of the row before the first."""

    filters: tuple[Filter, ...] = ()
    limit: int | None = None
    marker: str | None = None


ALL = Asked()


def apply(
    tx: Transaction, statement: Select[Any], key: ColumnElement[str], filters: Filters, asked: Asked
) -> Select[Any]:
    """Return the statement narrowed to what was asked, in the order of `key`, a unique id.

    A marker must be in what the statement finds before the filters, so a row that meanwhile no longer fits one still
    leads on. Raises MarkerNotFound.
    """
    found = statement.where(*(condition(tx, filters, each) for each in asked.filters)).order_by(key)
    if asked.marker is not None:
        if tx.first(statement.where(key == asked.marker)) is None:
            raise MarkerNotFound(marker=asked.marker)
        found = found.where(key > asked.marker)
    return found if asked.limit is None else found.limit(asked.limit)


def is_flag(column: ColumnElement[Any]) -> bool:
    """Tell whether a filter is a yes or no."""
    return isinstance(column.type, Boolean)


def condition(tx: Transaction, filters: Filters, wanted: Filter) -> ColumnElement[bool]:
    """Return what a row must fulfil."""
    column, compare, value = filters[wanted.name], _COMPARE[wanted.comparator], wanted.value
    if wanted.comparator in PARTS:
        if is_flag(column) or not isinstance(value, str):
            return false()
        if wanted.is_case_blind:
            column, value = func.lower(_with_letters(tx, column)), value.lower()
    return compare(column, value)


def _with_letters(tx: Transaction, column: ColumnElement[Any]) -> ColumnElement[Any]:
    """PostgreSQL knows upper and lower case by the locale that a database was made with, and in C only of a to z."""
    return collate(column, "und-x-icu") if tx.dialect == "postgresql" else column
