"""The `name` of a list's query: the part of regular expressions that clients send, as a LIKE pattern.

A whole regular expression is not taken. Each database understands another kind, and a crafted one can keep a machine
busy for as long as its author likes.
"""

from __future__ import annotations

import re

from pileus.compute.db.server_list import LIKE_ESCAPE
from pileus.kit.errors import Invalid

_PART = r"\\[^A-Za-z0-9]|\.\*|[^][\\*+?{}()|^$]"
_PATTERN = re.compile(rf"(\^?)((?:{_PART})*)(\$?)", re.DOTALL)
_PARTS = re.compile(_PART, re.DOTALL)


class NameFilterInvalid(Invalid):
    """The filter is more than a text, with or without anchors and dots."""

    message = (
        "Invalid filter name '{pattern}': of regular expressions it may have '^' at its beginning, '$' at its end, "
        "'.' and '.*'; '\\' before any other sign takes it as it is."
    )


def as_like(pattern: str) -> str:
    """Return the LIKE pattern that finds the same names. Raises NameFilterInvalid."""
    match = _PATTERN.fullmatch(pattern)
    if match is None:
        raise NameFilterInvalid(pattern=pattern)
    beginning, body, end = match.groups()
    like = "".join(_as_like(part) for part in _PARTS.findall(body))
    return f"{'' if beginning else '%'}{like}{'' if end else '%'}"


def _as_like(part: str) -> str:
    if part == ".*":
        return "%"
    if part == ".":
        return "_"
    sign = part[-1]
    return LIKE_ESCAPE + sign if sign in ("%", "_", LIKE_ESCAPE) else sign
