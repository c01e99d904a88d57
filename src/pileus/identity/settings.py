"""`[identity]`: what an operator may choose."""

from __future__ import annotations

import re
from typing import Literal

from pileus.kit.settings import DatabaseSettings, ListenSettings, NotifierSettings, Section


class NotificationSettings(NotifierSettings, frozen=True, kw_only=True):
    """`[identity.notifications]`: what happens here, told to those who listen at a broker. Without a URL: nothing."""

    format: Literal["basic", "cadf"] = "cadf"
    exchange: str = "keystone"
    opt_out: tuple[str, ...] = ("identity.authenticate.success", "identity.authenticate.pending")


class SecurityComplianceSettings(Section, frozen=True, kw_only=True):
    """`[identity.security_compliance]`: what is demanded of passwords and logins. 0 or empty: nothing."""

    password_expires_days: int = 0
    unique_last_password_count: int = 0
    minimum_password_age: int = 0  # days
    password_regex: str = ""
    password_regex_description: str = ""
    change_password_upon_first_use: bool = False
    disable_user_account_days_inactive: int = 0
    lockout_failure_attempts: int = 0  # failed logins in a row that keep a user out
    lockout_duration_s: int = 1800

    def __post_init__(self) -> None:
        """Refuse an expression that is none before a password depends on it. Raises ValueError."""
        try:
            re.compile(self.password_regex)
        except re.error as error:
            raise ValueError(f"password_regex is no regular expression: {error}") from None


class Oauth1Settings(Section, frozen=True, kw_only=True):
    """`[identity.oauth1]`: how long what a consumer gets is good; 0: for ever."""

    request_token_duration_s: int = 28_800
    access_token_duration_s: int = 86_400


class Settings(Section, frozen=True, kw_only=True):
    """`[identity]`."""

    database: DatabaseSettings = DatabaseSettings()
    listen: ListenSettings = ListenSettings(port=5000)
    token_provider: Literal["fernet", "jws"] = "fernet"  # noqa: S105 (a kind of token)
    token_lifetime_s: int = 3600
    allow_expired_window_s: int = 172_800  # for which services may still ask about an expired token
    allow_rescope_scoped_token: bool = True
    methods: tuple[str, ...] = ("password", "token", "application_credential", "totp", "oauth1")
    totp_previous_windows: int = 1  # of 30 s, whose passcodes are good too
    receipt_lifetime_s: int = 300
    login_failures_per_minute_of_user: int = 20  # from one address, in each process; 0: any number
    login_failures_per_minute_of_address: int = 200  # for whomever; 0: any number
    password_hash_rounds: int = 12  # of bcrypt: 2**rounds
    policy_file: str = ""
    list_limit: int = 0  # rows of a list to show to who does not say how many; 0: as many as anybody may have
    max_db_limit: int = 1000  # rows of a list to show at most
    security_compliance: SecurityComplianceSettings = SecurityComplianceSettings()
    notifications: NotificationSettings = NotificationSettings()
    return_all_endpoints_if_no_filter: bool = True  # to a project that was given none
    enforcement_model: Literal["flat", "strict_two_level"] = "flat"  # of limits
    oauth1: Oauth1Settings = Oauth1Settings()
