"""Passwords, hashed.

What a person chose is hashed slowly (bcrypt), because it can be guessed. What we made ourselves, of 192 random bits,
cannot be guessed at any speed, so a plain SHA-256 keeps it as safe and costs nothing at each login.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

import bcrypt

from pileus.kit.patience import require_patience

DEFAULT_ROUNDS = 12
_GENERATED = "$sha256$"
_NOBODY = bcrypt.hashpw(b"nobody", bcrypt.gensalt(4)).decode()


def hash_chosen(password: str, rounds: int = DEFAULT_ROUNDS) -> str:
    """Return the hash of a password that somebody chose. Raises TakesLong."""
    require_patience()
    return bcrypt.hashpw(_condense(password), bcrypt.gensalt(rounds)).decode()


def hash_generated(secret: str) -> str:
    """Return the hash of a secret that `kit.ids.new_secret` made."""
    return _GENERATED + hashlib.sha256(secret.encode()).hexdigest()


def verify(password: str, hashed: str) -> bool:
    """Tell whether a password is the one that was hashed, in time that does not depend on how wrong it is.

    Raises TakesLong, but not where we made the secret.
    """
    if hashed.startswith(_GENERATED):
        return hmac.compare_digest(hash_generated(password), hashed)
    require_patience()
    return bcrypt.checkpw(_condense(password), hashed.encode())


class EvenVerifier:
    """Verifies passwords and secrets so that every refusal takes the same time, whoever is meant.

    Where there is no slow hash to compare with, there is a decoy: a hash of the cost of real ones
    that nothing matches.
    """

    def __init__(self, rounds: int) -> None:
        self._decoy = _NOBODY.replace("$04$", f"${rounds:02d}$", 1)

    def verify(self, password: str, hashed: str | None) -> bool:
        """Tell whether a password is the one that was hashed; None is the hash of who does not exist.

        No is said as slowly for him, and for who has a generated password, as for all others. Raises TakesLong.
        """
        if hashed is not None and not hashed.startswith(_GENERATED):
            return verify(password, hashed)
        if hashed is not None and verify(password, hashed):
            return True
        require_patience()
        bcrypt.checkpw(_condense(password), self._decoy.encode())
        return False


def _condense(password: str) -> bytes:
    """Bcrypt sees only 72 bytes and stops at a zero byte; a digest lets every character count."""
    return base64.b64encode(hashlib.sha512(password.encode()).digest())[:72]
