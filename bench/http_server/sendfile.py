"""An ``http.response.pathsend`` for uvicorn, to measure what ``loop.sendfile`` would bring.

This is a hack and only a measurement: it reaches into uvicorn's request cycle,
and it needs the plain asyncio loop (uvloop raises NotImplementedError).
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class SendfileProtocol(HttpToolsProtocol):
    """HttpToolsProtocol whose cycles also understand ``http.response.pathsend``."""

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        protocol = self

        async def wrapped(scope: Any, receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:
            async def sender(message: Any) -> None:
                if message["type"] != "http.response.pathsend":
                    await send(message)
                    return
                with Path(message["path"]).open("rb") as source:
                    size = os.fstat(source.fileno()).st_size
                    sent = await protocol.loop.sendfile(protocol.transport, source, 0, size)
                cycle.expected_content_length -= sent
                await send({"type": "http.response.body", "body": b""})

            await app(scope, receive, sender)

        super()._start_asgi_task(cycle, wrapped)
