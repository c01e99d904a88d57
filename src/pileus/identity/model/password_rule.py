"""What an operator demands of passwords, and of those who have one."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pileus.identity.model.login import option
from pileus.identity.model.login_errors import PasswordLocked, PasswordTooNew, PasswordUsedBefore, PasswordWeak
from pileus.identity.model.resource import User


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordRules:
    """The demands, by the original's names; what is 0 or empty is not demanded."""

    password_expires_days: int = 0
    unique_last_password_count: int = 0  # the present one is one of them
    minimum_password_age: int = 0  # days for which a password that its owner chose cannot be changed by him
    password_regex: str = ""  # matched at the beginning
    password_regex_description: str = ""
    change_password_upon_first_use: bool = False  # one that somebody else chose is at once as good as expired
    disable_user_account_days_inactive: int = 0

    @property
    def old_password_count(self) -> int:
        """How many passwords beside the present one are remembered."""
        return max(self.unique_last_password_count - 1, 0)


NO_RULES = PasswordRules()


def require_strong(rules: PasswordRules, password: str | None) -> None:
    """Let a new password through only if it is what the operator demands; none at all never is. Raises PasswordWeak."""
    if rules.password_regex and (password is None or not re.match(rules.password_regex, password)):
        raise PasswordWeak(detail=rules.password_regex_description)


def require_changeable(rules: PasswordRules, row: User, now: datetime) -> None:
    """Let a user change his own password only if it is not locked, and old enough.

    One that an administrator set is never too new. Raises PasswordLocked, PasswordTooNew.
    """
    if option(row, "lock_password") is True:
        raise PasswordLocked
    if row.is_password_own and row.password_created_at is not None:
        rest = row.password_created_at + timedelta(days=rules.minimum_password_age) - now
        if rest > timedelta():
            raise PasswordTooNew(min_age_days=rules.minimum_password_age, days_left=rest.days)


def require_unused(rules: PasswordRules, *, was_used: bool) -> None:
    """Refuse a password that the user had before. Raises PasswordUsedBefore."""
    if was_used:
        raise PasswordUsedBefore(unique_count=rules.unique_last_password_count)


def with_password(
    rules: PasswordRules, row: User, password_hash: str | None, now: datetime, *, is_own: bool = False
) -> User:
    """Return a user with a new password; `is_own`: he chose it himself, and need not do so before he uses it."""
    expires_at = None
    if password_hash is not None:
        if rules.password_expires_days and option(row, "ignore_password_expiry") is not True:
            expires_at = (now + timedelta(days=rules.password_expires_days)).replace(microsecond=0)
        must_change = rules.change_password_upon_first_use and not is_own
        if must_change and option(row, "ignore_change_password_upon_first_use") is not True:
            expires_at = now
    return replace(
        row,
        password_hash=password_hash,
        password_created_at=None if password_hash is None else now,
        password_expires_at=expires_at,
        is_password_own=is_own,
    )


def is_password_expired(row: User, now: datetime) -> bool:
    """Tell whether a user can do nothing with the password but change it."""
    if row.password_expires_at is None or option(row, "ignore_password_expiry") is True:
        return False
    return now >= row.password_expires_at


def is_active(rules: PasswordRules, row: User, now: datetime) -> bool:
    """Tell whether a user is enabled, and has not been away for so long that he counts as disabled."""
    last = row.last_active_at or row.created_at
    if not row.is_enabled or last is None or not rules.disable_user_account_days_inactive:
        return row.is_enabled
    days = (now.date() - last.date()).days
    return days < rules.disable_user_account_days_inactive or option(row, "ignore_user_inactivity") is True
