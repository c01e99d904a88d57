"""The `name` of a list's query and others like it: regular expressions of a kind that cannot keep a machine busy.

A pattern is a row of signs and classes of signs, each with a quantifier if need be, but no groups: so a text is matched
in one pass, whatever the pattern. `|` stands only between whole patterns. As each database understands another kind of
regular expression, it is asked for a LIKE pattern that finds at least the same texts; what LIKE cannot say is left to
`matches`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

LIKE_ESCAPE = "!"
"""What takes a sign's meaning away in a LIKE pattern."""

MOST_ITEMS = 255
"""As many signs as the longest name has."""

_SIGN = r"\\[^A-Za-z0-9]|\\[dDwWsS]|\[\^?\]?[^][]*\]|[^][\\*+?{}()|^$]"
_ITEM = re.compile(rf"({_SIGN})(\*|\+|\?|\{{\d{{1,3}}(?:,\d{{0,3}})?\}})?", re.DOTALL)
_ALTERNATIVE = re.compile(rf"(\^?)((?:{_ITEM.pattern})*)(\$?)(\||\Z)", re.DOTALL)


class TextPatternInvalid(ValueError):
    """The pattern is of no kind that is understood."""


@dataclass(frozen=True, slots=True)
class TextPattern:
    """Which texts are wanted."""

    like: str | None  # finds at least those; None: everything
    matches: Callable[[str], bool] | None = None  # what to ask then; None: `like` has said all


def text_pattern(text: str) -> TextPattern:
    """Return what a pattern means. Raises TextPatternInvalid."""
    alternatives: list[_Alternative] = []
    position, bar = 0, "|"
    while bar:
        found = _ALTERNATIVE.match(text, position)
        if found is None:
            raise TextPatternInvalid
        beginning, body, _, _, end, bar = found.groups()
        alternatives.append(_alternative(beginning, body, end))
        position = found.end()
    if len(alternatives) > 1:
        return TextPattern(None, lambda name: any(one.matches(name) for one in alternatives))
    (only,) = alternatives
    return TextPattern(only.like, None if only.is_said_by_like else only.matches)


def _alternative(beginning: str, body: str, end: str) -> _Alternative:
    items = [item for found in _ITEM.finditer(body) for item in _items(found[1], found[2] or "")]
    if len(items) > MOST_ITEMS:
        raise TextPatternInvalid
    return _Alternative(items, is_at_beginning=bool(beginning), is_at_end=bool(end))


def _items(sign: str, quantifier: str) -> list[_Item]:
    try:
        re.compile(sign)
    except re.error:
        raise TextPatternInvalid from None
    if not quantifier:
        return [_Item(sign)]
    if not quantifier.startswith("{"):
        return [_Item(sign, is_needed=quantifier == "+", is_repeated=quantifier != "?")]
    fewest, comma, most = quantifier.strip("{}").partition(",")
    needed = [_Item(sign)] * int(fewest)
    if comma and not most:
        return [*needed, _Item(sign, is_needed=False, is_repeated=True)]
    return needed + [_Item(sign, is_needed=False)] * (int(most or fewest) - int(fewest))


@dataclass(frozen=True, slots=True)
class _Item:
    """One sign, or class of signs."""

    sign: str
    is_needed: bool = True
    is_repeated: bool = False

    @property
    def literal(self) -> str | None:
        """The only sign that it accepts, or None."""
        is_class = self.sign == "." or self.sign.startswith("[") or (self.sign[-1].isalnum() and len(self.sign) > 1)
        return None if is_class else self.sign[-1]

    @property
    def like(self) -> str:
        """The same in LIKE, or what finds more."""
        if self.is_repeated or not self.is_needed:
            return "%"
        literal = self.literal
        if literal is None:
            return "_"
        return LIKE_ESCAPE + literal if literal in ("%", "_", LIKE_ESCAPE) else literal

    @property
    def is_said_by_like(self) -> bool:
        """Whether LIKE says just the same."""
        if self.is_repeated or not self.is_needed:
            return self.sign == "." and self.is_repeated and not self.is_needed
        return self.sign == "." or self.literal is not None


class _Alternative:
    """A row of items. A set of places in it is a number whose bit i stands for the place before item i."""

    def __init__(self, items: Sequence[_Item], *, is_at_beginning: bool, is_at_end: bool) -> None:
        self._items = items
        self._is_at_beginning, self._is_at_end = is_at_beginning, is_at_end
        self._repeated = sum(1 << index for index, item in enumerate(items) if item.is_repeated)
        self._skipped = sum(1 << index for index, item in enumerate(items) if not item.is_needed)
        self._accepting: dict[str, int] = {}

    @cached_property
    def like(self) -> str:
        """A LIKE pattern that finds at least the same."""
        body = "".join(item.like for item in self._items)
        return f"{'' if self._is_at_beginning else '%'}{body}{'' if self._is_at_end else '%'}"

    @property
    def is_said_by_like(self) -> bool:
        """Whether LIKE says just the same."""
        return all(item.is_said_by_like for item in self._items)

    def matches(self, text: str) -> bool:
        """Tell whether the pattern is in the text."""
        goal = 1 << len(self._items)
        first = 0 if self._is_at_beginning else 1
        places = self._reachable(1)
        for sign in text:
            if places & goal and not self._is_at_end:
                return True
            passed = places & self._accepted(sign)
            places = self._reachable((passed << 1) | (passed & self._repeated) | first)
        return bool(places & goal)

    def _reachable(self, places: int) -> int:
        """Return the places with those that follow when items are left out."""
        while True:
            more = places | (places & self._skipped) << 1
            if more == places:
                return places
            places = more

    def _accepted(self, sign: str) -> int:
        if sign not in self._accepting:
            fits = [re.fullmatch(item.sign, sign, re.IGNORECASE | re.DOTALL) is not None for item in self._items]
            self._accepting[sign] = sum(1 << index for index, is_fit in enumerate(fits) if is_fit)
        return self._accepting[sign]
