"""What turns a token into text and back."""

from __future__ import annotations

from typing import Protocol

from pileus.identity.model.token import Token


class TokenProvider(Protocol):
    """A form of token. It proves who somebody is; what they may do is looked up each time."""

    def issue(self, token: Token) -> str:
        """Return the text that a client carries."""

    def keys(self) -> object:
        """Return the keys that `read` goes by, as one object that is the same for as long as they are."""

    def read(self, text: str) -> Token | None:
        """Return the token, or None if the text is forged, damaged or of keys long gone. Expiry is the caller's."""
