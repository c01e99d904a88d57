"""Filters of a list's query that hold a pattern."""

from __future__ import annotations

from pileus.compute.model.text_pattern import TextPattern, TextPatternInvalid, text_pattern
from pileus.kit.errors import Invalid


class NameFilterInvalid(Invalid):
    """The filter is more than a row of signs."""

    message = (
        "Invalid filter {name} '{pattern}': of regular expressions it may have signs and classes of signs with '*', "
        "'+', '?' or '{{n,m}}', '^' at its beginning, '$' at its end, and '|' between such patterns, but no groups."
    )


def pattern_of(name: str, text: str) -> TextPattern:
    """Return what the filter wants. Raises NameFilterInvalid."""
    try:
        return text_pattern(text)
    except TextPatternInvalid:
        raise NameFilterInvalid(name=name, pattern=text) from None


def as_like(text: str) -> str:
    """Return a `name` filter as the LIKE pattern that finds the same. Raises NameFilterInvalid where none does."""
    pattern = pattern_of("name", text)
    if pattern.like is None or pattern.matches is not None:
        raise NameFilterInvalid(name="name", pattern=text)
    return pattern.like
