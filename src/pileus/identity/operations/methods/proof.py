"""What somebody shows to log in, whatever the method. Each method has a file beside this one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pileus.identity.backend import Backend
from pileus.identity.model.login import Nonce
from pileus.identity.model.resource import User
from pileus.identity.model.token import Delegation, Scope, Token


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Whose proof it was: the user as it was then, and what the method itself says of the new token."""

    user: User
    parent: Token | None = None  # the token that was shown
    delegation: Delegation | None = None  # what limits the new token
    scope: Scope | None = None  # the only one that it may have
    expires_at: datetime | None = None  # when it ends at the latest
    nonce: Nonce | None = None  # where it is good for one login only


class Proof(Protocol):
    """One method's part of a login."""

    @property
    def method(self) -> str:
        """The method's name, one of `model.token.METHODS`."""

    def prove(self, backend: Backend) -> Shown:
        """Check it, outside of any transaction, since that may take long, and without an effect if it is right.

        Raises Refused, TooManyAttempts, PasswordExpired.
        """
