"""Who may do what: oslo.policy's rule language, and why something was refused.

Rules are strings as operators know them: `role:admin`, `project_id:%(project_id)s`, `rule:owner`, `@`, `!`, with `and`,
`or`, `not` and parentheses. A target holds what the rule may look at of the thing acted upon; it comes from the
database, never from the request's body.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pileus.kit import log
from pileus.kit.context import Context
from pileus.kit.errors import Forbidden, Invalid

Check = Callable[[Context, Mapping[str, Any]], bool]
logger = log.get_logger("pileus.policy")
_TOKEN = re.compile(r"\s*(\(|\)|(?:[^\s()%]|%\([^)]*\)s|%)+)")
_NAME = re.compile(r"%\(([^)]+)\)s")

PROJECT_SCOPE = frozenset({"project"})
ANY_SCOPE = frozenset({"project", "domain", "system"})


class RuleInvalid(Invalid):
    """A rule cannot be understood."""

    message = "The policy rule '{rule}' is not valid: {reason}"


class PolicyFileInvalid(Invalid):
    """The operator's policy file cannot be used."""

    message = "The policy file {file} is not valid: {reason}"


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


@dataclass(frozen=True, slots=True)
class _Rules:
    """All rules as they stand at one moment: as written, and as functions."""

    texts: Mapping[str, str]
    checks: Mapping[str, Check]


class Policy:
    """One service's rules: its defaults, overridden by the operator's file, which is read again when it changes.

    A file that is broken when the service starts is an error; one that breaks later is logged, and the rules stay as
    they were.
    """

    def __init__(
        self,
        defaults: Mapping[str, str],
        *,
        file: Path | None = None,
        refusal: str = "Policy doesn't allow {rule} to be performed.",
        scopes: Callable[[str], frozenset[str]] = lambda _rule: ANY_SCOPE,
    ) -> None:
        """`scopes` tells for tokens of which scopes a rule is; others are refused, whatever the file says."""
        self._defaults = dict(defaults)
        self._file = file
        self._refusal = refusal
        self._scopes = scopes
        self._seen = self._stamp()
        if file is not None and self._seen is None:
            raise PolicyFileInvalid(file=file, reason="there is no such file")
        self._rules = self._load()

    @property
    def rules(self) -> Mapping[str, str]:
        """The rules in force, as written."""
        return self._rules.texts

    def check(self, rule: str, context: Context, target: Mapping[str, Any]) -> Verdict:
        """Judge one action; an unknown rule allows nobody."""
        self._reload_if_changed()
        scopes = self._scopes(rule)
        if context.scope not in scopes:
            return Verdict(is_allowed=False, rule=rule, text=f"the token of a {' or '.join(sorted(scopes))}")
        rules = self._rules
        check = rules.checks.get(rule)
        if check is None:
            return Verdict(is_allowed=False, rule=rule, text="!")
        return Verdict(check(context, target), rule, rules.texts[rule])

    def require(self, rule: str, context: Context, target: Mapping[str, Any]) -> None:
        """Raise Forbidden unless the rule allows it; who administers something is told what it wanted."""
        verdict = self.check(rule, context, target)
        if not verdict.is_allowed:
            reason, why = self._refusal.format(rule=rule), verdict.why(context)
            may_know = context.is_admin or context.is_system  # what the operator wrote is nobody else's business
            raise Forbidden(f"{reason} {why}." if may_know else reason, rule=rule, why=why)

    def _reload_if_changed(self) -> None:
        stamp = self._stamp()
        if stamp == self._seen:
            return
        self._seen = stamp  # first, so that a broken file is complained of once and not by every request
        try:
            self._rules = self._load()
        except Invalid as error:
            logger.error("the policy file cannot be used; the rules stay as they were", reason=error.reason)  # noqa: TRY400
        else:
            logger.info("the policy file was read again", file=str(self._file))

    def _stamp(self) -> tuple[int, int, int] | None:
        """Return what changes when the file does; None while there is none."""
        if self._file is None:
            return None
        try:
            found = self._file.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _load(self) -> _Rules:
        overrides = {} if self._file is None else _read(self._file)
        texts = {**self._defaults, **overrides}
        checks: dict[str, Check] = {}

        def lookup(name: str, context: Context, target: Mapping[str, Any]) -> bool:
            check = checks.get(name)
            return check is not None and check(context, target)

        checks |= {name: compile_rule(text, lookup) for name, text in texts.items()}
        _require_no_circle(texts)
        return _Rules(texts, checks)


def _read(file: Path) -> dict[str, str]:
    """Return the operator's rules; none where there is no file. Raises PolicyFileInvalid."""
    try:
        text = file.read_text(encoding="utf-8")
        document = json.loads(text) if file.suffix == ".json" and text.strip() else yaml.safe_load(text)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise PolicyFileInvalid(file=file, reason=error) from None
    if document is None:
        return {}
    if not isinstance(document, dict) or not all(isinstance(name, str) for name in document):
        raise PolicyFileInvalid(file=file, reason="it is no table of names and rules")
    return {name: _as_text(file, name, rule) for name, rule in document.items()}


def _as_text(file: Path, name: str, rule: object) -> str:
    """Return a rule as a string. It may be a list of lists as of old: any of them, all of each."""
    if isinstance(rule, str):
        return rule
    if not isinstance(rule, list):
        raise PolicyFileInvalid(file=file, reason=f"the rule '{name}' is neither a string nor a list")
    if not rule:
        return ""
    parts = [[part] if isinstance(part, str) else part for part in rule if part]
    if not all(isinstance(part, list) and all(isinstance(word, str) for word in part) for part in parts):
        raise PolicyFileInvalid(file=file, reason=f"the rule '{name}' is no list of lists of strings")
    return " or ".join(f"({' and '.join(part)})" for part in parts) or "!"


def _require_no_circle(texts: Mapping[str, str]) -> None:
    """Raise RuleInvalid if a rule leads back to itself."""
    called = {
        name: [word.removeprefix("rule:") for word in _TOKEN.findall(text) if word.startswith("rule:")]
        for name, text in texts.items()
    }
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        if name in way:
            raise RuleInvalid(rule=name, reason=f"it leads back to itself ({' → '.join((*way, name))})")
        if name not in done:
            for other in called.get(name, ()):
                visit(other, (*way, name))
            done.add(name)

    for name in called:
        visit(name, ())


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
        return lambda context, _target: wanted.lower() in context.service_roles
    if kind == "rule":
        return lambda context, target: lookup(wanted, context, target)
    if kind in ("http", "https"):
        raise RuleInvalid(rule=text, reason="checks by HTTP are not supported")
    is_literal, literal = _literal(kind)
    if is_literal:  # on the left: 'public':%(visibility)s
        return lambda _context, target: _fill(wanted, target) == literal
    if wanted == "None":  # written out, it asks whether the caller lacks this: `not domain_id:None`
        return lambda context, _target: context.credentials().get(kind, "") is None
    return lambda context, target: _holds(context, kind, _fill(wanted, target))


def _literal(kind: str) -> tuple[bool, str]:
    """Tell whether the left side of a check is a value rather than a name, and which."""
    try:
        return True, str(ast.literal_eval(kind))
    except (ValueError, SyntaxError):
        return False, ""


def _holds(context: Context, name: str, value: str | None) -> bool:
    """Tell whether the caller is or has `value`. What he lacks is like nothing, not even what the target lacks."""
    held = context.credentials().get(name)
    if value is None or held is None:
        return False
    return value in held if isinstance(held, frozenset) else str(held) == value


def _fill(wanted: str, target: Mapping[str, Any]) -> str | None:
    """Return `wanted` with each `%(name)s` replaced from the target; None where one lacks."""
    if "%(" not in wanted:
        return wanted
    try:
        return _NAME.sub(lambda match: str(_find(match[1], target)), wanted)
    except KeyError:
        return None


def _find(name: str, target: Mapping[str, Any]) -> Any:
    """Return what a name, or a dotted name reaching inward, means in the target. Raises KeyError."""
    if name in target:
        return target[name]
    value: Any = target
    for part in name.split("."):
        if not isinstance(value, Mapping):
            raise KeyError(name)
        value = value[part]
    return value
