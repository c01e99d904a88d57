"""What identity's handlers work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from pileus.identity.tokens.password import DEFAULT_ROUNDS, Decoy
from pileus.identity.tokens.provider import TokenProvider
from pileus.kit.clock import Clock
from pileus.kit.db import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """The second argument of every handler."""

    database: Database
    clock: Clock
    tokens: TokenProvider
    random: Callable[[int], bytes]
    token_lifetime: timedelta = timedelta(hours=1)
    password_rounds: int = DEFAULT_ROUNDS
    decoy: Decoy
