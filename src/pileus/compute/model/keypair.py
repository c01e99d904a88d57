"""Key pairs: public ssh keys that users have put into their servers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from pileus.compute.model.errors import KeyPairInvalid


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    """One public key. The private one is shown once, when it was generated here, and never kept."""

    number: int = 0
    user_id: str
    name: str
    type: str = "ssh"
    fingerprint: str
    public_key: str
    created_at: datetime


def require_name(name: str) -> None:
    """Raise KeyPairInvalid unless the name is made of letters, digits, spaces, '_' and '-'."""
    if not re.fullmatch(r"[A-Za-z0-9 _-]+", name):
        raise KeyPairInvalid(reason="Keypair name contains unsafe characters")
