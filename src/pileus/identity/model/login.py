"""Rules of logging in that need nothing but what they are told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pileus.identity.model.resource import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Nonce:
    """What may be shown once only: which one it was, and until when it could come again."""

    text: str = field(repr=False)
    until: datetime


def option(user: User, name: str) -> Any:
    """Return an option of a user, or None."""
    options: Mapping[str, Any] = user.extra.get("options") or {}
    return options.get(name)


def is_locked_out(failures: int, last: datetime | None, now: datetime, *, attempts: int, duration: timedelta) -> bool:
    """Tell whether so many failed logins in a row keep a user out; `attempts` 0 locks out nobody."""
    return bool(attempts) and failures >= attempts and last is not None and now < last + duration


def methods_lacking(
    rules: Iterable[Collection[str]], shown: Collection[str], known: Collection[str]
) -> list[list[str]] | None:
    """Return the rules of which one must be met with more methods; None if one is met, or none could ever be.

    A rule counts with those of its methods that this cloud knows: one that was switched off keeps nobody out.
    """
    wanted = [[method for method in rule if method in known] for rule in rules]
    wanted = [rule for rule in wanted if rule]
    if not wanted or any(set(rule) <= set(shown) for rule in wanted):
        return None
    return wanted


def multi_factor_rules(user: User) -> list[list[str]]:
    """Return the sets of methods of which a user must show one; empty where any method will do."""
    rules = option(user, "multi_factor_auth_rules")
    if option(user, "multi_factor_auth_enabled") is False or not isinstance(rules, list):
        return []
    return [list(dict.fromkeys(rule)) for rule in rules if isinstance(rule, list) and rule]
