"""The secrets in credentials, encrypted: whoever has the database alone has none of them."""

from __future__ import annotations

from pileus.identity.tokens.keys import KeyFolder


def encrypt(keys: KeyFolder, blob: str) -> str:
    """Return what is stored."""
    return keys.fernet().encrypt(blob.encode()).decode()


def decrypt(keys: KeyFolder, encrypted: str) -> str:
    """Return the secret, whichever of the keys it was stored under. Raises InvalidToken if that is gone."""
    return keys.fernet().decrypt(encrypted.encode()).decode()


def renew(keys: KeyFolder, encrypted: str) -> str:
    """Return the same secret under the primary key. Raises InvalidToken."""
    return keys.fernet().rotate(encrypted.encode()).decode()
