"""The method `token`: a token for a token, with another scope."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from pileus.identity.backend import Backend
from pileus.identity.operations import grant
from pileus.identity.operations.methods.proof import Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenShown:
    """A token."""

    method: ClassVar[str] = "token"
    token: str = field(repr=False)

    def prove(self, backend: Backend) -> Shown:
        """Check the token. Raises TokenNotFound."""
        known = grant.validate(backend, self.token)
        return Shown(user=known.user, parent=known.token, expires_at=known.token.expires_at)
