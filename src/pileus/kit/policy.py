"""Who may do what: oslo.policy's rule language, and why something was refused.

Rules are strings as operators know them: `role:admin`, `project_id:%(project_id)s`, `rule:owner`, `@`, `!`, with `and`,
`or`, `not` and parentheses. A target holds what the rule may look at of the thing acted upon; it comes from the
database, never from the request's body.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pileus.kit.context import Context
from pileus.kit.errors import Forbidden, Invalid

Check = Callable[[Context, Mapping[str, Any]], bool]
_TOKEN = re.compile(r"\s*(\(|\)|[^\s()]*%\([^)]*\)s[^\s()]*|[^\s()]+)")


class RuleInvalid(Invalid):
    """A rule cannot be understood."""

    message = "The policy rule '{rule}' is not valid: {reason}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """May they? And which rule said so."""

    is_allowed: bool
    rule: str
    text: str  # the rule as written

    def why(self, context: Context) -> str:
        """Return a sentence for those who may know."""
        roles = ", ".join(sorted(context.roles)) or "none"
        return f"{self.rule} wants '{self.text}'; the caller has the roles {roles}"


class Policy:
    """One service's rules: its defaults, overridden by the operator's file, which is read again when it changes."""

    def __init__(
        self,
        defaults: Mapping[str, str],
        *,
        file: Path | None = None,
        refusal: str = "Policy doesn't allow {rule} to be performed.",
    ) -> None:
        self._defaults = dict(defaults)
        self._file = file
        self._file_mtime_ns: int | None = None
        self._refusal = refusal
        self._compiled: dict[str, Check] = {}
        self.rules = dict(defaults)
        self._load()

    def check(self, rule: str, context: Context, target: Mapping[str, Any]) -> Verdict:
        """Judge one action; an unknown rule allows nobody."""
        self._reload_if_changed()
        compiled = self._compiled.get(rule)
        if compiled is None:
            return Verdict(is_allowed=False, rule=rule, text="!")
        return Verdict(compiled(context, target), rule, self.rules[rule])

    def require(self, rule: str, context: Context, target: Mapping[str, Any]) -> None:
        """Raise Forbidden unless the rule allows it."""
        verdict = self.check(rule, context, target)
        if not verdict.is_allowed:
            raise Forbidden(self._refusal.format(rule=rule), rule=rule, why=verdict.why(context))

    def _reload_if_changed(self) -> None:
        if self._file is not None and self._mtime_ns() != self._file_mtime_ns:
            self._load()

    def _mtime_ns(self) -> int | None:
        assert self._file is not None
        try:
            return self._file.stat().st_mtime_ns
        except FileNotFoundError:
            return None

    def _load(self) -> None:
        overrides: dict[str, str] = {}
        if self._file is not None:
            self._file_mtime_ns = self._mtime_ns()
            if self._file_mtime_ns is not None:
                overrides = yaml.safe_load(self._file.read_text()) or {}  # JSON is YAML too
        self.rules = {**self._defaults, **overrides}
        self._compiled = {name: compile_rule(text, self._compiled_rule) for name, text in self.rules.items()}

    def _compiled_rule(self, name: str, context: Context, target: Mapping[str, Any]) -> bool:
        check = self._compiled.get(name)
        return check is not None and check(context, target)


RuleLookup = Callable[[str, Context, Mapping[str, Any]], bool]


def compile_rule(text: str, lookup: RuleLookup) -> Check:
    """Return a rule as a function. Raises RuleInvalid."""
    tokens = _TOKEN.findall(text)
    if not tokens:
        return lambda _context, _target: True  # as in oslo.policy: an empty rule allows everybody
    check, rest = _parse_or(tokens, text, lookup)
    if rest:
        raise RuleInvalid(rule=text, reason=f"'{rest[0]}' is unexpected")
    return check


def _parse_or(tokens: list[str], text: str, lookup: RuleLookup) -> tuple[Check, list[str]]:
    checks = []
    while True:
        check, tokens = _parse_and(tokens, text, lookup)
        checks.append(check)
        if not tokens or tokens[0].lower() != "or":
            return (checks[0] if len(checks) == 1 else _any(checks)), tokens
        tokens = tokens[1:]


def _parse_and(tokens: list[str], text: str, lookup: RuleLookup) -> tuple[Check, list[str]]:
    checks = []
    while True:
        check, tokens = _parse_not(tokens, text, lookup)
        checks.append(check)
        if not tokens or tokens[0].lower() != "and":
            return (checks[0] if len(checks) == 1 else _all(checks)), tokens
        tokens = tokens[1:]


def _parse_not(tokens: list[str], text: str, lookup: RuleLookup) -> tuple[Check, list[str]]:
    if not tokens:
        raise RuleInvalid(rule=text, reason="it ends too early")
    if tokens[0].lower() == "not":
        check, rest = _parse_not(tokens[1:], text, lookup)
        return (lambda context, target: not check(context, target)), rest
    if tokens[0] == "(":
        check, rest = _parse_or(tokens[1:], text, lookup)
        if not rest or rest[0] != ")":
            raise RuleInvalid(rule=text, reason="a parenthesis is not closed")
        return check, rest[1:]
    return _atom(tokens[0], text, lookup), tokens[1:]


def _any(checks: list[Check]) -> Check:
    return lambda context, target: any(check(context, target) for check in checks)


def _all(checks: list[Check]) -> Check:
    return lambda context, target: all(check(context, target) for check in checks)


def _atom(word: str, text: str, lookup: RuleLookup) -> Check:
    if word == "@":
        return lambda _context, _target: True
    if word == "!":
        return lambda _context, _target: False
    kind, colon, wanted = word.partition(":")
    if not colon:
        raise RuleInvalid(rule=text, reason=f"'{word}' is no check")
    if kind == "role":
        return lambda context, target: (_fill(wanted, target) or "").lower() in context.roles
    if kind == "service_role":
        return lambda context, _target: wanted in context.service_roles
    if kind == "rule":
        return lambda context, target: lookup(wanted, context, target)
    if kind in ("http", "https"):
        raise RuleInvalid(rule=text, reason="checks by HTTP are not supported")
    return lambda context, target: _equals(kind, wanted, context, target)


def _equals(kind: str, wanted: str, context: Context, target: Mapping[str, Any]) -> bool:
    value = _fill(wanted, target)
    if value is None:
        return False
    if kind.startswith(("'", '"')) or kind in (
        "None",
        "True",
        "False",
    ):  # a literal on the left: 'public':%(visibility)s
        return kind.strip("'\"") == value
    held = context.credentials().get(kind)
    return held is not None and str(held) == value


def _fill(wanted: str, target: Mapping[str, Any]) -> str | None:
    """Return `wanted` with `%(name)s` replaced from the target, dotted names reaching inward; None where one lacks."""
    match = re.fullmatch(r"%\(([^)]+)\)s", wanted)
    if match is None:
        return wanted
    value: Any = target.get(match[1])
    if value is None and match[1] not in target:
        value = target
        for part in match[1].split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
    return None if value is None else str(value)
