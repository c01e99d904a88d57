"""The hardware address of a guest's network card."""

from __future__ import annotations

import hashlib


def mac_address(server_id: str) -> str:
    """Return the address that this guest has on whatever host, now and after a rebuild."""
    tail = hashlib.sha256(server_id.encode()).hexdigest()[:6]
    return f"fa:16:3e:{tail[0:2]}:{tail[2:4]}:{tail[4:6]}"
