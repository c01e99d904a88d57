"""Property protection: who may create, read, update and delete which properties of an image he may change.

The file is the original's: a section for each regular expression of names, in which each operation names the roles, or
the one rule of the policy, that it takes. `@` is everybody and `!` nobody. The first expression that is found in a
name counts; a property of which the file does not speak is nobody's.
"""

from __future__ import annotations

import configparser
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pileus.image.model.errors import PropertyRulesInvalid

RESERVED_PREFIX = "os_glance"
"""Of properties that the service itself sets, and no caller."""

CREATE, READ, UPDATE, DELETE = OPERATIONS = ("create", "read", "update", "delete")

Touch = Callable[[str, str], bool]
"""Tells whether a caller may do an operation to the property of a name."""


def free(_operation: str, _name: str) -> bool:
    """Allow everything: nothing is protected."""
    return True


@dataclass(frozen=True, slots=True)
class PropertyRules:
    """What the file says, in its order: expressions, and for each the words of each operation."""

    sections: tuple[tuple[re.Pattern[str], Mapping[str, frozenset[str]]], ...]
    are_policies: bool

    def touch(self, roles: frozenset[str], may: Callable[[str], bool]) -> Touch:
        """Return what one caller may; `may` tells whether a rule of the policy lets him."""
        known: dict[tuple[str, str], bool] = {}

        def touch(operation: str, name: str) -> bool:
            if (operation, name) not in known:
                known[operation, name] = self._is_allowed(operation, name, roles, may)
            return known[operation, name]

        return touch

    def _is_allowed(self, operation: str, name: str, roles: frozenset[str], may: Callable[[str], bool]) -> bool:
        words = self._words(operation, name)
        if "!" in words or "@" in words:
            return "!" not in words
        return any(map(may, words)) if self.are_policies else not roles.isdisjoint(words)

    def _words(self, operation: str, name: str) -> frozenset[str]:
        if name.startswith(RESERVED_PREFIX):
            return frozenset("@")
        return next((words[operation] for pattern, words in self.sections if pattern.search(name)), frozenset())


def parse(text: str, *, are_policies: bool) -> PropertyRules:
    """Return the rules of a file. Raises PropertyRulesInvalid."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise PropertyRulesInvalid(reason=str(error)) from None
    return PropertyRules(tuple(_section(parser[name], are_policies) for name in parser.sections()), are_policies)


def _section(
    section: configparser.SectionProxy, are_policies: bool
) -> tuple[re.Pattern[str], Mapping[str, frozenset[str]]]:
    try:
        pattern = re.compile(section.name)
    except re.error as error:
        raise PropertyRulesInvalid(reason=f"[{section.name}] is no regular expression: {error}") from None
    missing = [operation for operation in OPERATIONS if operation not in section]
    if missing:
        raise PropertyRulesInvalid(reason=f"[{section.name}] does not say who may {missing[0]}")
    return pattern, {operation: _parse_words(section, operation, are_policies) for operation in OPERATIONS}


def _parse_words(section: configparser.SectionProxy, operation: str, are_policies: bool) -> frozenset[str]:
    words = [word.strip() for word in section[operation].split(",") if word.strip()]
    where = f"[{section.name}] {operation}"
    if are_policies and len(words) > 1:
        raise PropertyRulesInvalid(reason=f"{where} names several rules; combine them in the policy file")
    if {"@", "!"} <= set(words):
        raise PropertyRulesInvalid(reason=f"{where} allows everybody and nobody")
    return frozenset(words if are_policies else map(str.lower, words))
