"""What an extra spec may demand of a value: `>= 4`, `<in> avx`, `<or> a <or> b`, or the value itself."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence

_OF_NUMBERS: dict[str, Callable[[float, float], bool]] = {
    "=": operator.ge,  # so it has always been
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
}
_OF_TEXTS: dict[str, Callable[[str, str], bool]] = {
    "s==": operator.eq,
    "s!=": operator.ne,
    "s<": operator.lt,
    "s<=": operator.le,
    "s>": operator.gt,
    "s>=": operator.ge,
    "<in>": operator.contains,
}


def is_match(value: str, demand: str) -> bool:
    """Whether a value is what an extra spec demands."""
    symbol, *words = demand.split() or [""]
    if symbol == "<or>":
        return value in words[::2]
    if symbol == "<all-in>":
        return bool(words) and all(word in value for word in words)
    if symbol in _OF_TEXTS:
        return bool(words) and _OF_TEXTS[symbol](value, words[0])
    if symbol in _OF_NUMBERS:
        return _is_number_match(symbol, value, words)
    return value == demand


def _is_number_match(symbol: str, value: str, words: Sequence[str]) -> bool:
    try:
        return bool(words) and _OF_NUMBERS[symbol](float(value), float(words[0]))
    except ValueError:  # one of them is no number
        return False
