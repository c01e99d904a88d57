"""The method `totp`: a passcode that changes every 30 seconds, of a secret that the user's device shares (RFC 6238)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from pileus.identity.backend import Backend
from pileus.identity.db import credential
from pileus.identity.model.credential import TOTP, Credential
from pileus.identity.model.login import Nonce
from pileus.identity.model.login_errors import Refused
from pileus.identity.operations.methods.password import count_failure, require_open
from pileus.identity.operations.methods.proof import Shown
from pileus.identity.operations.named import Named, find_user
from pileus.identity.operations.rows import Rows
from pileus.identity.tokens import blob

PERIOD_S, DIGITS = 30, 6
_EPOCH = datetime(1970, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Totp:
    """A user and the passcode of the moment."""

    method: ClassVar[str] = "totp"
    user: Named
    passcode: str = field(repr=False)
    address: str = ""  # where it came from

    def prove(self, backend: Backend) -> Shown:
        """Check the passcode against each of the user's secrets. Raises Refused, TooManyAttempts."""
        backend.attempts.require(self.user.key(), self.address)
        with Rows(backend) as rows:
            known = find_user(rows, self.user)
            seeds = [] if known is None else credential.list_of_user(rows.tx, known.id, TOTP)
        if known is not None:
            require_open(backend, known)
        nonce = next((found for row in seeds if (found := self._find(backend, row)) is not None), None)
        if known is None or nonce is None:
            count_failure(backend, known, self.user, self.address)
            raise Refused("there is no such user, it has no secret for passcodes, or the passcode is wrong")
        return Shown(user=known, nonce=nonce)

    def _find(self, backend: Backend, row: Credential) -> Nonce | None:
        """Return the passcode as one of this secret, if it is good now: RFC 6238 wants it to be taken once only."""
        secret, windows = blob.decrypt(backend.credential_keys, row.encrypted_blob), 1 + backend.totp_previous_windows
        now = backend.clock.now()
        for step, passcode in passcodes(secret, (now - _EPOCH) // timedelta(seconds=1), windows):
            if hmac.compare_digest(passcode.encode(), self.passcode.encode()):
                return Nonce(text=f"totp {row.id} {step}", until=now + windows * timedelta(seconds=PERIOD_S))
        return None


def passcodes(secret: str, now_s: int, windows: int) -> Iterator[tuple[int, str]]:
    """Return the passcodes of a base32 secret, each with its period: of now, and of the `windows - 1` periods before.

    None if it is no base32.
    """
    try:
        key = base64.b32decode(secret + "=" * (-len(secret) % 8), casefold=True)
    except (binascii.Error, ValueError):
        return
    for window in range(windows):
        step = now_s // PERIOD_S - window
        digest = hmac.digest(key, step.to_bytes(8), hashlib.sha1)
        start = digest[-1] & 0xF
        number = int.from_bytes(digest[start : start + 4]) & 0x7FFF_FFFF
        yield step, f"{number % 10**DIGITS:0{DIGITS}d}"
