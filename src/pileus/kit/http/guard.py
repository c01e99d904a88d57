"""The limits that uvicorn's protocol lacks: of a request's head its size and time, of a reply how long nobody reads it.

It overrides inner parts of uvicorn, which is therefore pinned to a minor version; `bench/http_server` measures what it
costs, and the tests of this module fail if an update of uvicorn moves those parts.
"""

from __future__ import annotations

import asyncio
import sys
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from pileus.kit.http.joined import JoinedTransport

HEAD_LIMIT = 64 * 1024
HEAD_TIMEOUT_S = 10.0
STALL_S = 900.0  # after which a client that takes nothing of its reply is hung up on, as by the original
PIECE_BYTES = 2**18  # that are read at once, as asyncio has it
BODY_PIECE_BYTES = 2**19  # each piece of an image costs some turns of the event loop, however long it is


class GuardedProtocol(HttpToolsProtocol):
    """Closes connections whose request line and headers are too long or too slow, or whose client does not read."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._in_head = True
        self._head_bytes = 0
        self._bytes_since_body = 0
        self._deadline: asyncio.TimerHandle | None = None
        self._stall: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock of the first head."""
        self._joined = JoinedTransport(transport, self.loop)
        super().connection_made(self._joined)  # type: ignore[arg-type]
        if self.app.is_closing:  # accepted while the port closed: the server has sent away those it knew of by then
            transport.close()
            return
        self._deadline = self.loop.call_later(HEAD_TIMEOUT_S, transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clocks."""
        self._disarm()
        super().connection_lost(exc)
        self._end_stall()

    def pause_writing(self) -> None:
        """Start the clock of a client that has yet to read what it was sent."""
        super().pause_writing()
        self._begin_stall()

    def resume_writing(self) -> None:
        """The client reads on."""
        self._end_stall()
        super().resume_writing()

    def _begin_stall(self) -> None:
        self._stall = self.loop.call_later(STALL_S, self._judge_stall, self.transport.get_write_buffer_size())

    def _judge_stall(self, unsent_bytes: int) -> None:
        """Hang up unless something was read since: whatever makes the reply would wait for ever."""
        if self.transport.get_write_buffer_size() < unsent_bytes:
            self._begin_stall()
        else:
            self.transport.abort()

    def _end_stall(self) -> None:
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None

    def data_received(self, data: bytes) -> None:
        """Count what belongs to a head that is still incomplete, or to what frames the pieces of a body."""
        self._bytes_since_body += len(data)
        super().data_received(data)
        if not self._in_head or self.transport.is_closing():
            self._disarm()
            if self._bytes_since_body > HEAD_LIMIT and not self.transport.is_closing():
                self.send_400_response("Request framing too large.")
            return
        self._head_bytes += len(data)
        if self._head_bytes > HEAD_LIMIT:
            self.send_400_response("Request head too large.")
        elif self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_TIMEOUT_S, self.transport.close)

    def on_message_begin(self) -> None:
        """A new head begins."""
        self._in_head, self._head_bytes = True, 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; what follows a chunked body, where some clients write headers too, is not one."""
        if self._in_head:
            super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        """A piece of the body. Small chunks that come together are gathered in place, not copied with each of them."""
        self._bytes_since_body = 0
        gathered: object = self.cycle.body
        if gathered and isinstance(gathered, bytes):
            self.cycle.body = bytearray(gathered)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._bytes_since_body = 0
        self._joined.read_up_to(PIECE_BYTES)
        super().on_message_complete()

    def on_headers_complete(self) -> None:
        """Judge the whole head: one that came in a single piece was not counted yet."""
        self._in_head = False
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > HEAD_LIMIT:
            raise ValueError("request head too large")  # the parser turns it into a 400
        self._joined.read_up_to(BODY_PIECE_BYTES)
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, in the form of the API that was asked for, and hang up."""
        if "character in Content-Length" in str(sys.exception()):  # what the parser complained of, if it did
            msg = "content-length header must be an integer"
        reply = self.app.refuse(msg)  # the Listener
        head = [f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}"]
        head += [f"{name}: {value}" for name, value in reply.headers.items()]
        head += [f"content-length: {len(reply.body)}", "connection: close", "", ""]
        self.transport.write("\r\n".join(head).encode() + reply.body)
        self.transport.close()

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
