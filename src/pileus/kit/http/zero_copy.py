"""Files sent without a copy: the kernel takes them from its cache to the socket (`http.response.zerocopysend` of ASGI).

It is done on threads, because a file may have to come from a disk, or be on one that hangs.
"""

from __future__ import annotations

import asyncio
import os
import select
import socket
import time
import weakref
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any

from pileus.kit.http import guard

ZERO_COPY = "http.response.zerocopysend"
STRETCH_BYTES = 2**23  # of one system call
TURN_S = 0.1  # that a thread sends to one client before it looks for others
SLOW_MS = 5  # a client that takes nothing for so long keeps no thread


class ZeroCopyProtocol(guard.GuardedProtocol):
    """Sends `count` bytes of `file` from `offset`, with `run` to call what touches the file. Raises ConnectionError."""

    def on_message_begin(self) -> None:
        """Say that it can."""
        super().on_message_begin()
        if self.scheme == "http":  # what is encrypted has to be read
            self.scope["extensions"] = {ZERO_COPY: {}}

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        async def wrapped(scope: Any, receive: Any, send: Any) -> None:
            async def sender(message: Any) -> None:
                if message["type"] == ZERO_COPY:
                    try:
                        await self._send_file(message, is_gone=cycle.disconnected)
                    except ConnectionError:
                        cycle.disconnected = True  # it is told to the last of the pipelined requests only
                        raise
                    cycle.expected_content_length -= message["count"]
                else:
                    await send(message)

            await app(scope, receive, sender)

        super()._start_asgi_task(cycle, wrapped)

    async def _send_file(self, message: MutableMapping[str, Any], *, is_gone: bool) -> None:
        if is_gone or self.transport.is_closing():
            raise ConnectionResetError
        client = _Socket(self.transport.get_extra_info("socket").fileno())
        offset, end = message["offset"], message["offset"] + message["count"]
        try:
            while self.transport.get_write_buffer_size():  # an answer before this one is still on its way
                await client.takes_more(self.loop)
                await asyncio.sleep(0)
            while offset < end:
                await client.takes_more(self.loop)
                offset += await message["run"](client.send, message["file"], offset, end - offset)
        except BaseException:
            client.hang_up()  # whoever reads from a file that hangs holds the socket, and would keep the client waiting
            self.transport.abort()
            raise


class _Socket:
    """A client's socket, under a number of its own that stays its until no thread holds this."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = os.dup(descriptor)
        weakref.finalize(self, os.close, self._descriptor)

    async def takes_more(self, loop: asyncio.AbstractEventLoop) -> None:
        """Wait until the client takes more, or is gone. Raises ConnectionError of one that takes nothing for long."""
        ready = loop.create_future()
        loop.add_writer(self._descriptor, _settle, ready)
        try:
            async with asyncio.timeout(guard.STALL_S):
                await ready
        except TimeoutError:
            raise ConnectionResetError from None
        finally:
            loop.remove_writer(self._descriptor)

    def hang_up(self) -> None:
        """End the connection, whoever holds it."""
        with socket.socket(fileno=os.dup(self._descriptor)) as held, suppress(OSError):  # the client may be faster
            held.shutdown(socket.SHUT_RDWR)

    def send(self, file: Any, offset: int, count: int) -> int:
        """Send what the client takes without making us wait, and return how much. Raises ConnectionError."""
        writable, sent, until = select.poll(), 0, time.monotonic() + TURN_S
        writable.register(self._descriptor, select.POLLOUT)
        while sent < count and time.monotonic() < until:
            try:
                step = os.sendfile(self._descriptor, file.fileno(), offset + sent, min(STRETCH_BYTES, count - sent))
            except BlockingIOError:
                if not writable.poll(SLOW_MS):
                    break
                continue
            if not step:
                raise OSError("a file is shorter than it was")
            sent += step
        return sent


def _settle(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
