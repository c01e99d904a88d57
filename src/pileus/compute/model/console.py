"""Consoles: what of a guest a user may look at from afar."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

PROTOCOL_OF = {
    "novnc": "vnc",
    "xvpvnc": "vnc",
    "spice-html5": "spice",
    "spice-direct": "spice",
    "serial": "serial",
    "webmks": "mks",
}
"""The protocol of each type of console."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """Where one server's console listens, for as long as a token leads there."""

    server_id: str
    console_type: str
    host: str
    port: int
    tls_port: int | None
    internal_access_path: str | None
    expires_at: datetime


def url_of(proxy_url: str, console_type: str, token: str) -> str:
    """Return the URL by which a user reaches a console through its proxy."""
    joint = "&" if "?" in proxy_url else "?"
    question = f"path=%3Ftoken%3D{token}" if PROTOCOL_OF[console_type] == "vnc" else f"token={token}"
    return f"{proxy_url}{joint}{question}"


def hash_of(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
