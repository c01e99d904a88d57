"""Which requests a token is good for, where it was got by something that is limited to some."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

_PIECE = re.compile(r"\{[^}]*\}|\*\*|\*|[^*{]+|\{")


@dataclass(frozen=True, slots=True)
class AccessRule:
    """One kind of request to one type of service.

    In the path `*` and `{name}` stand for one segment or a part of it, `**` for anything.
    """

    service: str
    method: str
    path: str


def is_allowed(rules: Iterable[AccessRule], service: str, method: str, path: str) -> bool:
    """Tell whether one of the rules is for a request; `path` as it came, percent-encoded."""
    if "%2f" in path.lower():  # a slash that is none to the route table must not be one here
        return False
    plain = unquote(path)
    return any(
        rule.service == service and rule.method == method and _pattern(rule.path).fullmatch(plain) is not None
        for rule in rules
    )


@lru_cache(maxsize=4096)
def _pattern(path: str) -> re.Pattern[str]:
    return re.compile("".join(_expression(piece) for piece in _PIECE.findall(path)), re.DOTALL)


def _expression(piece: str) -> str:
    if piece == "**":
        return ".*"
    is_segment = piece == "*" or (piece.startswith("{") and piece.endswith("}"))
    return "[^/]+" if is_segment else re.escape(piece)
