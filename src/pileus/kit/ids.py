"""Identifiers, in the spellings that OpenStack's clients expect."""

from __future__ import annotations

import os
import secrets
import uuid

_VARIANTS = "89ab"


def new_uuid() -> str:
    """Return a random UUID with dashes, as images, servers and providers carry it."""
    return str(uuid.uuid4())


def new_hex_id() -> str:
    """Return a random UUID without dashes, as identity's resources carry it."""
    return uuid.uuid4().hex


def new_request_id() -> str:
    """Return what `x-openstack-request-id` carries: a random UUID, made without what `uuid` takes for its objects."""
    text = os.urandom(16).hex()
    return f"req-{text[:8]}-{text[8:12]}-4{text[13:16]}-{_VARIANTS[int(text[16], 16) % 4]}{text[17:20]}-{text[20:]}"


def new_secret(bits: int = 192) -> str:
    """Return a URL-safe secret of so many random bits."""
    return secrets.token_urlsafe(bits // 8)


def dashed_uuid(text: str) -> str:
    """Return a UUID as it is stored, however it is written; other text as it is."""
    return str(uuid.UUID(text)) if is_uuid(text) else text


def is_uuid(text: str) -> bool:
    """Tell whether `text` is a UUID, with or without dashes."""
    try:
        return uuid.UUID(text).hex == text.replace("-", "").lower()
    except ValueError:
        return False
