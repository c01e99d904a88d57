"""Which requests a token is good for, where it was got by something that is limited to some."""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

LONGEST_PATH = 2048
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
    return len(plain) <= LONGEST_PATH and any(
        rule.service == service and rule.method == method and is_match(rule.path, plain) for rule in rules
    )


def is_match(pattern: str, path: str) -> bool:
    """Tell whether a rule's path is for a request's, in time that grows with neither's wildcards but their lengths.

    Both are chosen by strangers, and a regular expression of many wildcards can take for ever.
    """
    reached: AbstractSet[int] = {0}  # how much of the path the pieces so far may stand for
    for piece in _pieces(pattern):
        reached = _after(piece, path, reached)
        if not reached:
            return False
    return len(path) in reached


def _after(piece: str, path: str, reached: AbstractSet[int]) -> AbstractSet[int]:
    if piece == "**":
        return set(range(min(reached), len(path) + 1))
    if piece != "*" and not (piece.startswith("{") and piece.endswith("}")):
        return {at + len(piece) for at in reached if path.startswith(piece, at)}
    further = set()
    is_within = False  # a segment, since one of the places that were reached
    for at, character in enumerate(path):
        is_within = (is_within or at in reached) and character != "/"
        if is_within:
            further.add(at + 1)
    return further


@lru_cache(maxsize=4096)
def _pieces(pattern: str) -> tuple[str, ...]:
    return tuple(_PIECE.findall(pattern))
