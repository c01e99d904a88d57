"""Credentials: what users keep with identity so that they, or somebody for them, can prove who they are."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

EC2, TOTP = "ec2", "totp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A secret of a user, of a type that clients choose. Its blob is only ever stored encrypted."""

    id: str
    user_id: str
    type: str
    encrypted_blob: str = field(repr=False)
    project_id: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)


def ec2_id(access: str) -> str:
    """Return the id of the credential with an EC2 access key, so that it is found by the key and never doubled."""
    return hashlib.sha256(access.encode()).hexdigest()
