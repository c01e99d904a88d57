from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from pileus.identity.model.login_errors import PasswordLocked, PasswordTooNew, PasswordUsedBefore, PasswordWeak
from pileus.identity.model.password_rule import (
    NO_RULES,
    PasswordRules,
    is_active,
    is_password_expired,
    require_changeable,
    require_strong,
    require_unused,
    with_password,
)
from pileus.identity.model.resource import User

NOW = datetime(2026, 1, 31, 12, 0, 0, 123)
DAY = timedelta(days=1)


def somebody(*options: str, **more: object) -> User:
    extra = {"options": dict.fromkeys(options, True)}
    return User(id="u", name="u", domain_id="default", extra=extra, **more)  # type: ignore[arg-type]


def test_without_rules_everything_goes() -> None:
    row = with_password(NO_RULES, somebody(), "hash", NOW)
    require_strong(NO_RULES, "")
    require_changeable(NO_RULES, row, NOW)
    assert row.password_expires_at is None
    assert is_active(NO_RULES, somebody(created_at=NOW - 9999 * DAY), NOW)


def test_a_password_must_match_from_its_beginning_and_the_refusal_says_in_words_what_is_wanted() -> None:
    rules = PasswordRules(password_regex="[a-z]+[0-9]", password_regex_description="letters, then a digit")
    require_strong(rules, "abc1!")
    for weak in ("1abc1", "abc", "", None):
        with pytest.raises(PasswordWeak, match=r"does not match the requirements: letters, then a digit\."):
            require_strong(rules, weak)


def test_a_password_expires_after_some_days_at_a_whole_second() -> None:
    row = with_password(PasswordRules(password_expires_days=2), somebody(), "hash", NOW)
    assert row.password_expires_at == datetime(2026, 2, 2, 12)
    assert [is_password_expired(row, NOW + days * DAY) for days in (1, 2)] == [False, True]


def test_an_exemption_holds_for_passwords_that_have_a_date_already() -> None:
    rules = PasswordRules(password_expires_days=2)
    assert with_password(rules, somebody("ignore_password_expiry"), "hash", NOW).password_expires_at is None
    assert not is_password_expired(somebody("ignore_password_expiry", password_expires_at=NOW), NOW + DAY)


def test_what_somebody_else_chose_must_be_changed_at_once() -> None:
    rules = PasswordRules(change_password_upon_first_use=True, password_expires_days=5)
    assert is_password_expired(with_password(rules, somebody(), "hash", NOW), NOW)
    assert not is_password_expired(with_password(rules, somebody(), "hash", NOW, is_own=True), NOW)
    exempt = somebody("ignore_change_password_upon_first_use")
    assert not is_password_expired(with_password(rules, exempt, "hash", NOW), NOW)


def test_no_password_never_expires() -> None:
    rules = PasswordRules(change_password_upon_first_use=True, password_expires_days=5)
    assert with_password(rules, somebody(), None, NOW).password_expires_at is None


def test_a_user_keeps_his_own_password_for_some_days_but_not_an_administrators() -> None:
    rules = PasswordRules(minimum_password_age=3)
    own = with_password(rules, somebody(), "hash", NOW, is_own=True)
    with pytest.raises(PasswordTooNew, match=r"used for 3 day\(s\) .* try again in 1 day\(s\)"):
        require_changeable(rules, own, NOW + DAY + timedelta(hours=1))
    require_changeable(rules, own, NOW + 3 * DAY)
    require_changeable(rules, with_password(rules, own, "hash", NOW), NOW)


def test_a_locked_password_is_not_for_its_user_to_change() -> None:
    with pytest.raises(PasswordLocked):
        require_changeable(NO_RULES, somebody("lock_password"), NOW)


def test_an_old_password_is_refused_with_how_many_are_remembered() -> None:
    rules = PasswordRules(unique_last_password_count=4)
    assert (rules.old_password_count, NO_RULES.old_password_count) == (3, 0)
    with pytest.raises(PasswordUsedBefore, match=r"unique is 4\."):
        require_unused(rules, was_used=True)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (somebody(created_at=NOW - 2 * DAY), True),
        (somebody(created_at=NOW - 3 * DAY), False),
        (somebody(created_at=NOW - 9 * DAY, last_active_at=NOW - 2 * DAY), True),
        (somebody(last_active_at=NOW - 3 * DAY), False),
        (somebody("ignore_user_inactivity", last_active_at=NOW - 3 * DAY), True),
        (somebody("ignore_user_inactivity", is_enabled=False), False),
        (somebody(), True),
    ],
)
def test_who_is_away_for_long_counts_as_disabled(row: User, expected: bool) -> None:
    assert is_active(PasswordRules(disable_user_account_days_inactive=3), row, NOW) is expected
