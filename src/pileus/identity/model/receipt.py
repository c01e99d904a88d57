"""A receipt: proof that somebody has shown some of the methods that he must show, to be completed by the others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pileus.identity.model.resource import Domain, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a receipt's text holds. It is void, like a token, once the user's `tokens_valid_after` has moved."""

    user_id: str
    methods: tuple[str, ...]
    issued_at: datetime
    expires_at: datetime
    user_valid_after: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedReceipt:
    """A new receipt as its holder gets it, and which sets of methods would do."""

    text: str
    receipt: Receipt
    user: User
    user_domain: Domain
    rules: tuple[tuple[str, ...], ...]
