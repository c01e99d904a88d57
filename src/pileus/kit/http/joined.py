"""Heads and bodies of replies that leave together.

uvicorn writes one after the other. Each is a call of the system, which takes as long as a handler that finds its answer
in memory, and each wakes the client.
"""

from __future__ import annotations

import asyncio
from typing import Any

_HEAD = b"HTTP/1.1 "


class JoinedTransport:
    """A transport that keeps a reply's head until the body comes, though not beyond this turn of the event loop."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._head = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def read_up_to(self, size_bytes: int) -> None:
        """Take in so much at once from now on, and no more."""
        self._transport.max_size = size_bytes  # type: ignore[attr-defined]  # asyncio has it

    def is_closing(self) -> bool:
        """Tell whether it is closed, or about to be."""
        return self._transport.is_closing()

    def write(self, data: bytes) -> None:
        """Send what there is, unless it is a head."""
        if not self._head and data.startswith(_HEAD):
            self._head = data
            self._loop.call_soon(self._flush)
            return
        head, self._head = self._head, b""
        self._transport.write(head + data)

    def close(self) -> None:
        """Send what there is, and close."""
        self._flush()
        self._transport.close()

    def get_write_buffer_size(self) -> int:
        """Return how many bytes have not been sent."""
        return len(self._head) + self._transport.get_write_buffer_size()

    def _flush(self) -> None:
        if self._head:
            self.write(b"")
