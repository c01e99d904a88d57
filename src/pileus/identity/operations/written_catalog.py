"""The catalog as JSON, written once for all who see the same services."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

import msgspec

from pileus.identity.model.catalog import Endpoint, Service, render

_PROJECT, _USER = secrets.token_hex(), secrets.token_hex()  # instead of ids, which nothing else in a catalog can be


def write(services: Iterable[Service], endpoints: Iterable[Endpoint], *, is_for_project: bool) -> bytes:
    """Return a catalog in which the ids of who looks at it are still to be filled in."""
    shown = render(services, endpoints, project_id=_PROJECT if is_for_project else None, user_id=_USER)
    return msgspec.json.encode(shown)


def fill(written: bytes, *, project_id: str | None, user_id: str) -> bytes:
    """Return a catalog as somebody sees it."""
    for place, known in ((_PROJECT, project_id or ""), (_USER, user_id)):
        written = written.replace(place.encode(), msgspec.json.encode(known)[1:-1])
    return written
