"""The way from a socket to an `App` and back (ASGI)."""

from __future__ import annotations

import asyncio
import os
import time
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from pileus.kit import ids
from pileus.kit.context import ANONYMOUS
from pileus.kit.errors import Invalid, Unavailable
from pileus.kit.http.app import App
from pileus.kit.http.cors import NOBODY, Cors
from pileus.kit.http.message import ClientGone, FileBody, Query, Reply, Request
from pileus.kit.http.routes import Route
from pileus.kit.http.threads import Threads
from pileus.kit.http.zero_copy import ZERO_COPY
from pileus.kit.patience import TakesLong, at_once

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

CHUNK = 2**20
INSTANT_BODY = 2**14  # what is longer takes time to read
LONG_WAITING = 256  # requests that take long and have not begun: the next ones are asked to come again
RETRY_AFTER_S = 5
REST_S = 0.02  # in which a route whose answer was not in memory is not tried there: what is written is written often


class Listener:
    """An ASGI application for one service's port. `patient` threads run what others, in a hurry, refuse."""

    def __init__(self, app: App[Any], threads: Threads, cors: Cors = NOBODY, *, patient: Threads | None = None) -> None:
        self._app = app
        self._threads = threads
        self._patient = patient or threads
        self._cors = cors
        self._resting: dict[Any, float] = {}  # handlers of instant routes, and until when they are run by threads
        self.is_closing = False  # the server ends: who connects from now on is sent away

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        request = _request(scope)
        try:
            reply = self._cors.preflight(request) or await self._answer(request, receive)
        except ClientGone:
            return
        await self._send(request, reply, receive, send, may_copy=ZERO_COPY not in scope.get("extensions", {}))

    def refuse(self, reason: str) -> Reply:
        """Return the refusal, in the API's own form, of what came over the socket and is no request."""
        request = Request(method="", path="", id=ids.new_request_id())
        reply = self._app.service.dialect(request, 400, Invalid(reason))
        reply.headers["x-openstack-request-id"] = request.id
        return reply

    async def _answer(self, request: Request, receive: Receive) -> Reply:
        reply = await self._own(request) or await self._reply(request, receive)
        self._cors.mark(request, reply)
        return reply

    async def _own(self, request: Request) -> Reply | None:
        if request.path == "/healthz":
            wrong = await self._threads.run(self._app.service.ready)
            return Reply.json({"status": "unavailable" if wrong else "ok", "wrong": dict(wrong)}, 503 if wrong else 200)
        if request.path == "/metrics":
            text = await self._threads.run(generate_latest)
            return Reply(200, text, {"content-type": CONTENT_TYPE_LATEST})
        return None

    async def _reply(self, request: Request, receive: Receive) -> Reply:
        found = self._app.find_route(request.method, request.path)
        if found is None or not found.is_stream:
            request.body = await _body(receive, self._app.service.body_limit)
            return self._instant(request, found) or await self._handled(request)
        request.stream = _pieces(receive)
        row, refusal = await self._threads.run(self._app.admit, request)
        if row is None:
            assert refusal is not None
            return refusal
        return await self._app.stream(row, request)

    def _instant(self, request: Request, found: Route[Any] | None) -> Reply | None:
        """Answer without a thread, or return None: going to one and back takes as long as reading memory."""
        if found is None or not found.is_instant or len(request.body) > INSTANT_BODY:
            return None
        now = time.monotonic()
        if self._resting.get(found.handler, now) > now:
            return None
        try:
            with at_once():
                return self._app.handle(request)
        except TakesLong:
            self._resting[found.handler] = now + REST_S
            _begin_again(request)
            return None

    async def _handled(self, request: Request) -> Reply:
        try:
            return await self._threads.run(self._app.handle, request)
        except TakesLong:
            if self._patient.waiting < LONG_WAITING:
                _begin_again(request)
                return await self._patient.run(self._app.handle, request)
        busy = Unavailable("Too many requests that take long are waiting. Try again later.")
        reply = self._app.service.dialect(request, 503, busy)
        reply.headers |= {"x-openstack-request-id": request.id, "retry-after": str(RETRY_AFTER_S)}
        return reply

    async def _send(self, request: Request, reply: Reply, receive: Receive, send: Send, *, may_copy: bool) -> None:
        body = reply.body
        if isinstance(body, bytes):
            reply.headers["content-length"] = str(len(body))
            if not body and reply.status in (204, 304):
                del reply.headers["content-length"]
        elif isinstance(body, FileBody):
            reply.headers["content-length"] = str(body.length)
        headers = [(name.encode("latin-1"), _header(value)) for name, value in reply.headers.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        if request.method == "HEAD" or isinstance(body, bytes):
            await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else body})
            return
        gone = asyncio.ensure_future(_until_gone(receive))
        if isinstance(body, FileBody) and not may_copy:
            await self._send_file(body, gone, send)
            return
        pieces = self._file(body) if isinstance(body, FileBody) else body
        try:
            await self._send_pieces(pieces, gone, send)
        finally:
            gone.cancel()
            await _close(pieces)

    async def _send_pieces(self, pieces: AsyncIterator[bytes], gone: asyncio.Future[None], send: Send) -> None:
        async for piece in pieces:
            if gone.done():  # `send` says nothing when nobody listens any more
                return
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            await asyncio.sleep(0)  # pieces from memory and a client that is fast, or gone, would never let others in
        await send({"type": "http.response.body", "body": b""})

    async def _send_file(self, body: FileBody, gone: asyncio.Future[None], send: Send) -> None:
        run = body.run or self._threads.run
        try:
            file = await run(_File, body.path)
            stretch = {"file": file, "offset": body.offset, "count": body.length, "run": run}
            await send({"type": ZERO_COPY, **stretch})
            await send({"type": "http.response.body", "body": b""})
        except ConnectionError:  # the client is gone
            return
        finally:
            gone.cancel()

    async def _file(self, body: FileBody) -> AsyncIterator[bytes]:
        run = body.run or self._threads.run
        file = await run(_File, body.path)
        offset, end = body.offset, body.offset + body.length
        ahead = asyncio.ensure_future(run(file.read, offset, min(CHUNK, end - offset)))
        try:
            while offset < end:
                piece = await ahead
                if not piece:
                    raise OSError(f"{body.path} is shorter than it was")
                offset += len(piece)
                ahead = asyncio.ensure_future(run(file.read, offset, min(CHUNK, end - offset)))  # while one is sent
                yield piece
        finally:
            ahead.cancel()


class _File:
    """A file that is read in pieces. It closes itself when nobody holds it any more, not even a thread that reads."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, self._descriptor)

    def fileno(self) -> int:
        """Return its number."""
        return self._descriptor

    def read(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`."""
        return os.pread(self._descriptor, length, offset)


def _begin_again(request: Request) -> None:
    request.is_authorized, request.context = False, ANONYMOUS


def _header(value: str) -> bytes:
    """Return a header's value as it is sent. A line break in it would let a caller write headers of his own."""
    return value.replace("\r", " ").replace("\n", " ").encode("utf-8")


async def _close(pieces: AsyncIterator[bytes]) -> None:
    """End what makes the pieces now, so that it lets go of its file."""
    if isinstance(pieces, AsyncGenerator):
        await pieces.aclose()


async def _until_gone(receive: Receive) -> None:
    """Return once the client has hung up."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _request(scope: Scope) -> Request:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    host = headers.get("host") or "{}:{}".format(*scope["server"])
    raw_path = scope.get("raw_path")
    path = raw_path.split(b"?")[0].decode("latin-1") if raw_path else quote(scope["path"])
    return Request(
        method=scope["method"],
        path=path,
        query=Query(scope["query_string"].decode("latin-1")),
        headers=headers,
        base_url=f"{scope['scheme']}://{host}",
        client_address=(scope.get("client") or ("",))[0],
    )


async def _body(receive: Receive, limit: int) -> bytes:
    """Read a body into memory; of one that is too long, just enough for the application to see that.

    The rest is thrown away as it comes, by the protocol, once the refusal has been sent.
    """
    pieces: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        piece = message.get("body", b"")
        pieces.append(piece)
        size += len(piece)
        if size > limit or not message.get("more_body"):
            return b"".join(pieces)


async def _pieces(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        piece = message.get("body", b"")
        if piece:
            yield piece
        if not message.get("more_body"):
            return
