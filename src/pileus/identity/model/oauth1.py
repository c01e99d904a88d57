"""OAuth1: somebody lets a program act for him, in one project, with some of his roles."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pileus.identity.model.login import Nonce

_VERIFIER_LETTERS = "abcdefghkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without those that are taken for each other: a person types a verifier."""

VERIFIER_LENGTH = 8
MAX_SKEW_S = 600
"""How far the time of a signed request may be from ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """A program that may ask to act for somebody. It signs with its secret, which only its maker is ever shown."""

    id: str
    secret: str = field(repr=False)
    description: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestToken:
    """A consumer's wish to act in a project. Who authorizes it tells the consumer the verifier, by other means."""

    id: str
    secret: str = field(repr=False)
    consumer_id: str
    project_id: str
    expires_at: datetime | None = None
    user_id: str | None = None  # who has authorized it
    verifier: str | None = field(default=None, repr=False)
    role_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A consumer's right to log in as a user, to one project, with no more than these roles."""

    id: str
    secret: str = field(repr=False)
    consumer_id: str
    project_id: str
    user_id: str
    role_ids: tuple[str, ...]
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """A request as its sender signed it; `parameters` are those of its Authorization header."""

    method: str
    url: str
    parameters: Mapping[str, str] = field(repr=False)

    def nonce(self, now: datetime) -> Nonce:
        """Return what tells this request from all others of its sender."""
        names = ("oauth_consumer_key", "oauth_token", "oauth_timestamp", "oauth_nonce")
        text = json.dumps([self.parameters.get(name) for name in names])
        # Its time may be as far ahead of ours as behind it, so it could come again for twice as long.
        return Nonce(text=text, until=now + timedelta(seconds=2 * MAX_SKEW_S))


def new_verifier(random: bytes) -> str:
    """Return a verifier of as many letters as random bytes."""
    # 256 values on 54 letters are not quite even, which costs a verifier less than one of its 46 bits.
    return "".join(_VERIFIER_LETTERS[each % len(_VERIFIER_LETTERS)] for each in random)


def is_expired(expires_at: datetime | None, now: datetime) -> bool:
    """Tell whether a time has come."""
    return expires_at is not None and now > expires_at
