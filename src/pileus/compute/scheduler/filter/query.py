"""The filter that lets the user ask: the hint `query`, such as `[">=", "$free_ram_mb", 1024]`."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Mapping
from typing import Any

from pileus.compute.scheduler.ask import Ask, HostView
from pileus.compute.scheduler.facts import looks_at
from pileus.compute.scheduler.filter.capability import capabilities, look_up

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


class _NotUnderstood(Exception):
    """The query is no query."""


@looks_at(if_asked=lambda ask: None if ask.hints.get("query") else ())
def json_query(ask: Ask, host: HostView) -> str | None:
    """The host must be what the hint `query` asks for, if it is given."""
    query = ask.hints.get("query")
    if not query:
        return None
    try:
        document = json.loads(query) if isinstance(query, str) else query
        answer = _answer(document, capabilities(host))
    except (ValueError, TypeError, _NotUnderstood):
        return "the hint query is not understood"
    is_right = any(answer) if isinstance(answer, list) else bool(answer)
    return None if is_right else "it is not what the hint query asks for"


def _answer(query: Any, known: Mapping[str, Any]) -> Any:
    if not query:
        return True
    if not isinstance(query, list):
        raise _NotUnderstood
    word, *terms = query
    values = [value for value in (_value(term, known) for term in terms) if value is not None]
    if word == "not":
        return [not value for value in values]
    if word in ("and", "or"):
        return all(values) if word == "and" else any(values)
    return _compared(word, values)


def _value(term: Any, known: Mapping[str, Any]) -> Any:
    """Return what a term stands for: an inner query's answer, `$name` of a host's, or itself."""
    if isinstance(term, list):
        return _answer(term, known)
    if isinstance(term, str) and term.startswith("$"):
        return look_up(known, term.removeprefix("$").split("."))
    return term


def _compared(word: Any, values: list[Any]) -> bool:
    """Whether the first value stands so to all the others."""
    if word != "in" and word not in _COMPARE:
        raise _NotUnderstood
    if len(values) < 2:  # something is not known
        return False
    first, *others = values
    return first in others if word == "in" else all(_COMPARE[word](first, other) for other in others)
