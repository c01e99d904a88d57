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
from pileus.identity.model.credential import TOTP
from pileus.identity.model.errors import Refused
from pileus.identity.operations.methods.password import count_failure, require_open
from pileus.identity.operations.methods.proof import Shown
from pileus.identity.operations.named import Named, find_user
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
        with backend.database.read() as tx:
            known = find_user(tx, self.user)
            rows = [] if known is None else credential.list_of_user(tx, known.id, TOTP)
        if known is None:
            backend.attempts.fail(self.user.key(), self.address)
            raise Refused("there is no such user")
        require_open(backend, known)
        secrets = [blob.decrypt(backend.credential_keys, row.encrypted_blob) for row in rows]
        if not any(self._is_of(backend, secret) for secret in secrets):
            count_failure(backend, known, self.user, self.address)
            raise Refused("the passcode is wrong, or the user has no secret for it")
        return Shown(user=known)

    def _is_of(self, backend: Backend, secret: str) -> bool:
        now_s = (backend.clock.now() - _EPOCH) // timedelta(seconds=1)
        given = self.passcode.encode()
        windows = 1 + backend.totp_previous_windows
        return any(hmac.compare_digest(each.encode(), given) for each in passcodes(secret, now_s, windows))


def passcodes(secret: str, now_s: int, windows: int) -> Iterator[str]:
    """Return the passcodes of a base32 secret now and in the `windows - 1` periods before; none if it is no base32."""
    try:
        key = base64.b32decode(secret + "=" * (-len(secret) % 8), casefold=True)
    except (binascii.Error, ValueError):
        return
    for window in range(windows):
        step = now_s // PERIOD_S - window
        digest = hmac.digest(key, step.to_bytes(8), hashlib.sha1)
        start = digest[-1] & 0xF
        number = int.from_bytes(digest[start : start + 4]) & 0x7FFF_FFFF
        yield f"{number % 10**DIGITS:0{DIGITS}d}"
