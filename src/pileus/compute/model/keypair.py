"""Key pairs: public ssh keys and certificates that users have put into their servers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

SSH, X509 = "ssh", "x509"
RSA_BITS = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    """One public key. The private one is shown once, when it was generated here, and never kept."""

    number: int = 0
    user_id: str
    name: str
    type: str = SSH
    fingerprint: str
    public_key: str
    created_at: datetime


def with_colons(digest: bytes) -> str:
    """Return a fingerprint as people compare it."""
    return ":".join(f"{byte:02x}" for byte in digest)
