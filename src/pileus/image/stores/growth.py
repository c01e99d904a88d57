"""A file that one thread writes and many read while it grows."""

from __future__ import annotations

import asyncio
import os
import threading
import time
import weakref
from pathlib import Path


class Growth:
    """A file of which the first `size` bytes are there. It stays open, whatever its name, while anybody holds this."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, self._descriptor)
        self.size = 0
        self.is_unwanted = False  # for the writer to see
        self._over = threading.Event()
        self._grown_at = time.monotonic()
        self._turn = threading.Lock()
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    def grow(self, size: int) -> None:
        """Say how many bytes are there now."""
        self.size = size
        self._grown_at = time.monotonic()
        self._wake()

    def end(self) -> None:
        """Say that no more will come, whole or not."""
        self._over.set()
        self._wake()

    def is_stalled(self, stall_s: float) -> bool:
        """Tell whether nothing has come for so long."""
        return time.monotonic() - self._grown_at > stall_s

    def wait(self, timeout_s: float) -> bool:
        """Wait for the end, and tell whether it came."""
        return self._over.wait(timeout_s)

    def read(self, offset: int, length: int) -> bytes:
        """Return bytes that are there."""
        return os.pread(self._descriptor, min(length, self.size - offset), offset)

    async def beyond(self, offset: int, stall_s: float) -> bool:
        """Wait until there is a byte at `offset`; tell whether it came before the end, or within the time."""
        woken = asyncio.Event()
        entry = (asyncio.get_running_loop(), woken)
        try:
            async with asyncio.timeout(stall_s):
                while self.size <= offset and not self._over.is_set():
                    woken.clear()
                    with self._turn:
                        self._waiting.append(entry)
                    if self.size <= offset and not self._over.is_set():  # it may have come just before that
                        await woken.wait()
        except TimeoutError:
            pass
        return self.size > offset

    def _wake(self) -> None:
        with self._turn:
            waiting, self._waiting = self._waiting, []
        for loop, woken in waiting:
            if not loop.is_closed():
                loop.call_soon_threadsafe(woken.set)
