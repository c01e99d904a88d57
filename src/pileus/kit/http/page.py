"""Pages of a list: links that lead on."""

from __future__ import annotations

from urllib.parse import urlencode

from pileus.kit.errors import Invalid
from pileus.kit.http.message import Request

LIMIT_DIGITS = 20
"""Digits of the largest limit worth reading: Python refuses to read a number of thousands of digits."""


class LimitInvalid(Invalid):
    """`limit` is no whole number from 0 up."""

    message = "limit param must be an integer, not '{limit}'"


def limit_of(request: Request, *, default: int | None, maximum: int) -> int:
    """Return how many rows to show. Raises LimitInvalid."""
    text = request.query.get("limit")
    if text is None:
        return min(default if default is not None else maximum, maximum)
    if not text.isascii() or not text.isdigit():
        raise LimitInvalid(limit=text)
    return min(int(text), maximum) if len(text) < LIMIT_DIGITS else maximum


def with_marker(request: Request, marker: str, path: str | None = None) -> str:
    """Return the URL of the page after `marker`: the same question, asked from there."""
    pairs = [(key, value) for key, value in request.query.pairs() if key != "marker"]
    return f"{path or request.path}?{urlencode([*pairs, ('marker', marker)])}"
