"""What identity's handlers work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from pileus.identity.model.limit import EnforcementModel
from pileus.identity.model.password_rule import NO_RULES, PasswordRules
from pileus.identity.tokens.attempts import Attempts
from pileus.identity.tokens.keys import KeyFolder
from pileus.identity.tokens.memory import Memory
from pileus.identity.tokens.password import DEFAULT_ROUNDS, EvenVerifier
from pileus.identity.tokens.provider import TokenProvider
from pileus.identity.tokens.receipts import FernetReceipts
from pileus.kit.clock import Clock
from pileus.kit.db import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """The second argument of every handler."""

    database: Database
    clock: Clock
    tokens: TokenProvider
    credential_keys: KeyFolder
    random: Callable[[int], bytes]
    token_lifetime: timedelta = timedelta(hours=1)
    password_rounds: int = DEFAULT_ROUNDS
    passwords: EvenVerifier
    attempts: Attempts
    receipts: FernetReceipts
    receipt_lifetime: timedelta = timedelta(minutes=5)
    methods: tuple[str, ...] = ("password", "token", "application_credential", "totp", "oauth1")
    totp_previous_windows: int = 1
    allow_rescope_scoped_token: bool = True
    allow_expired_window: timedelta = timedelta(hours=48)
    lockout_failure_attempts: int = 0
    lockout_duration: timedelta = timedelta(minutes=30)
    memory: Memory = field(default_factory=Memory)
    list_limit: int | None = None
    max_db_limit: int = 1000
    password_rules: PasswordRules = NO_RULES
    return_all_endpoints_if_no_filter: bool = True
    enforcement_model: EnforcementModel = EnforcementModel.FLAT
    request_token_duration: timedelta = timedelta(hours=8)  # of OAuth1, as the next; zero: for ever
    access_token_duration: timedelta = timedelta(days=1)
