"""Tags of a project: one text with a comma before and after each, for no tag has a comma of its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, func


def dump(tags: Iterable[str]) -> str:
    """Return the column's text."""
    joined = ",".join(tags)
    return f",{joined}," if joined else ""


def load(text: str) -> tuple[str, ...]:
    """Return the tags."""
    return tuple(text.strip(",").split(",")) if text else ()


def is_among(column: ColumnElement[Any], tag: str) -> ColumnElement[bool]:
    """Return the condition that a tag is there. Unlike LIKE, REPLACE tells upper from lower case on every database."""
    found: ColumnElement[bool] = func.replace(column, f",{tag},", "") != column
    return found
