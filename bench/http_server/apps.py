"""The same small application for the ASGI, RSGI and WSGI interfaces."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from bench.http_server.hop import Hop, make_hop

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

FILE = Path(os.environ.get("BENCH_FILE", os.devnull))
TARGET = os.environ.get("BENCH_TARGET", os.devnull)
HOP = os.environ.get("BENCH_HOP", "batch")
_ROW = {
    "id": "0b1c7f1e-7a0f-4c55-9c4e-6f1a58a0a9d1",
    "name": "web-1",
    "status": "ACTIVE",
    "addresses": {"private": [{"addr": "10.0.0.4", "version": 4}]},
    "metadata": {"role": "web", "tier": "gold"},
}
state: dict[str, Any] = {"sent": 0, "received": 0, "hangup": "nothing seen", "lifespan": 0}


def handler(body: bytes) -> bytes:
    """About 50 us of ordinary pure-Python API work: parse, check, serialise."""
    row: dict[str, Any] = json.loads(body) if body else _ROW
    out = b""
    for _ in range(6):
        out = json.dumps(row).encode()
        row = json.loads(out)
    return json.dumps({"server": _ROW, "size": len(out)}).encode()


def pause(milliseconds: int) -> bytes:
    """A handler that waits, as on a database."""
    time.sleep(milliseconds / 1000)
    return b"{}"


def write(fd: int, data: bytes | bytearray) -> None:
    """Writes all of ``data``."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def report() -> bytes:
    """What the process knows of itself, for the checks."""
    return json.dumps({**state, "threads": threading.active_count()}).encode()


def number(query: str, name: str, default: int) -> int:
    """An integer from the query string."""
    return int(parse_qs(query).get(name, [default])[0])


class Shared:
    """One hop per process, made on first use in the running loop."""

    hop: Hop | None = None

    @classmethod
    def get(cls) -> Hop:
        if cls.hop is None:
            cls.hop = make_hop(HOP, asyncio.get_running_loop())
        return cls.hop


# ---------------------------------------------------------------- ASGI


async def _reply(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _body(receive: Receive) -> bytes:
    message = await receive()
    if not message.get("more_body"):
        return bytes(message.get("body", b""))
    parts = [message["body"]]
    while message.get("more_body"):
        message = await receive()
        parts.append(message.get("body", b""))
    return b"".join(parts)


async def asgi(scope: Message, receive: Receive, send: Send) -> None:  # noqa: C901 - a flat list of routes
    """The ASGI application."""
    if scope["type"] == "lifespan":
        state["lifespan"] += 1
        raise RuntimeError("lifespan is off")
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "hello"})
        await send({"type": "websocket.close"})
        return
    path, query, hop = scope["path"], scope["query_string"].decode(), Shared.get()
    if path == "/json":
        await _reply(send, 200, await hop.run(handler, await _body(receive)))
    elif path == "/pause":
        await _reply(send, 200, await hop.run(pause, number(query, "ms", 2)))
    elif path == "/state":
        await _reply(send, 200, report())
    elif path.startswith("/scope"):
        raw = scope.get("raw_path")
        seen = {"path": path, "raw_path": raw.decode() if raw else None, "port": scope["server"][1]}
        await _reply(send, 200, json.dumps(seen).encode())
    elif path == "/refuse":
        await _reply(send, 403, b"{}")
    elif path == "/upload":
        await _upload(query, receive, send, hop)
    elif path == "/hangup":
        await _hangup(receive)
    elif path == "/download":
        await _download(query, send, hop)
    elif path == "/pathsend":
        size = FILE.stat().st_size
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % size)]})
        await send({"type": "http.response.pathsend", "path": str(FILE)})
    else:
        await _reply(send, 404, b"{}")


async def _upload(query: str, receive: Receive, send: Send, hop: Hop) -> None:
    """Counts the body, or writes it in a thread when ``buffer`` (KiB) is given."""
    total, limit = 0, number(query, "buffer", 0) * 1024
    wait = number(query, "wait", 0)
    fd = os.open(TARGET, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600) if limit else -1
    buffer = bytearray()
    more = True
    try:
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            data = message.get("body", b"")
            total += len(data)
            state["received"] = total
            if wait:
                await asyncio.sleep(wait / 1000)
                wait = 0
            more = message.get("more_body", False)
            if limit:
                buffer += data
                if len(buffer) >= limit or not more:
                    await hop.run(write, fd, buffer)
                    buffer = bytearray()
    finally:
        if fd >= 0:
            os.close(fd)
    await _reply(send, 200, json.dumps({"size": total}).encode())


async def _hangup(receive: Receive) -> None:
    state["hangup"] = "waiting"
    try:
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                state["hangup"] = "http.disconnect"
                return
            if not message.get("more_body"):
                state["hangup"] = "LIE: body ended"
                return
    except BaseException as exc:
        state["hangup"] = f"exception {type(exc).__name__}"
        raise


async def _download(query: str, send: Send, hop: Hop) -> None:
    """Sends the file in chunks read in a thread."""
    chunk, state["sent"] = number(query, "chunk", 256) * 1024, 0
    fd = os.open(FILE, os.O_RDONLY)
    try:
        size = os.fstat(fd).st_size
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % size)]})
        at = 0
        while at < size:
            data = await hop.run(os.pread, fd, chunk, at)
            at += len(data)
            await send({"type": "http.response.body", "body": data, "more_body": at < size})
            state["sent"] = at
    finally:
        os.close(fd)


# ---------------------------------------------------------------- RSGI


async def rsgi(scope: Any, protocol: Any) -> None:  # noqa: C901 - a flat list of routes
    """The RSGI application (granian's own interface)."""
    if scope.proto == "ws":
        transport = await protocol.accept()
        await transport.send_str("hello")
        protocol.close(None)
        return
    path, query, hop = scope.path, scope.query_string, Shared.get()
    json_type = [("content-type", "application/json")]
    if path == "/json":
        body = await protocol() if scope.method == "POST" else b""
        protocol.response_bytes(200, json_type, await hop.run(handler, body))
    elif path == "/pause":
        protocol.response_bytes(200, json_type, await hop.run(pause, number(query, "ms", 2)))
    elif path == "/state":
        protocol.response_bytes(200, json_type, report())
    elif path.startswith("/scope"):
        seen = {"path": path, "raw_path": None, "port": int(scope.server.rsplit(":", 1)[1])}
        protocol.response_bytes(200, json_type, json.dumps(seen).encode())
    elif path == "/refuse":
        protocol.response_bytes(403, json_type, b"{}")
    elif path == "/upload":
        total, limit, wait = 0, number(query, "buffer", 0) * 1024, number(query, "wait", 0)
        fd = os.open(TARGET, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600) if limit else -1
        buffer = bytearray()
        async for data in protocol:
            total += len(data)
            state["received"] = total
            if wait:
                await asyncio.sleep(wait / 1000)
                wait = 0
            if limit:
                buffer += data
                if len(buffer) >= limit:
                    await hop.run(write, fd, buffer)
                    buffer = bytearray()
        if limit:
            await hop.run(write, fd, buffer)
            os.close(fd)
        protocol.response_bytes(200, json_type, json.dumps({"size": total}).encode())
    elif path == "/hangup":
        state["hangup"] = "waiting"
        try:
            async for _ in protocol:
                pass
            state["hangup"] = "LIE: body ended"
        except BaseException as exc:
            state["hangup"] = f"exception {type(exc).__name__}"
            raise
    elif path == "/download":
        chunk, state["sent"] = number(query, "chunk", 256) * 1024, 0
        size = FILE.stat().st_size
        transport = protocol.response_stream(200, [("content-length", str(size))])
        fd = os.open(FILE, os.O_RDONLY)
        try:
            while state["sent"] < size:
                data = await hop.run(os.pread, fd, chunk, state["sent"])
                await transport.send_bytes(data)
                state["sent"] += len(data)
        finally:
            os.close(fd)
    elif path == "/pathsend":
        protocol.response_file(200, [("content-length", str(FILE.stat().st_size))], str(FILE))
    else:
        protocol.response_bytes(404, json_type, b"{}")


# ---------------------------------------------------------------- WSGI


def wsgi(  # noqa: C901 - a flat list of routes
    environ: dict[str, Any], start_response: Callable[..., Any]
) -> Iterable[bytes]:
    """The WSGI application."""
    path, query = environ["PATH_INFO"], environ.get("QUERY_STRING", "")
    source = environ["wsgi.input"]

    def reply(body: bytes, status: str = "200 OK") -> list[bytes]:
        start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    if path == "/json":
        length = int(environ.get("CONTENT_LENGTH") or 0)
        return reply(handler(source.read(length) if length else b""))
    if path == "/pause":
        return reply(pause(number(query, "ms", 2)))
    if path == "/state":
        return reply(report())
    if path.startswith("/scope"):
        raw = environ.get("REQUEST_URI") or environ.get("RAW_URI")
        return reply(json.dumps({"path": path, "raw_path": raw, "port": int(environ["SERVER_PORT"])}).encode())
    if path == "/refuse":
        return reply(b"{}", "403 Forbidden")
    if path == "/upload":
        total, limit = 0, number(query, "buffer", 0) * 1024
        wait = number(query, "wait", 0)
        fd = os.open(TARGET, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600) if limit else -1
        left = int(environ["CONTENT_LENGTH"]) if environ.get("CONTENT_LENGTH") else 1 << 62
        while left and (data := source.read(min(left, limit or 1 << 18))):
            total += len(data)
            left -= len(data)
            state["received"] = total
            if wait:
                time.sleep(wait / 1000)
                wait = 0
            if limit:
                write(fd, data)
        if limit:
            os.close(fd)
        return reply(json.dumps({"size": total}).encode())
    if path == "/hangup":
        state["hangup"] = "waiting"
        want, total = int(environ["CONTENT_LENGTH"]), 0
        try:
            while total < want and (data := source.read(min(1 << 18, want - total))):
                total += len(data)
            state["hangup"] = "short read" if total < want else "LIE: body ended"
        except BaseException as exc:
            state["hangup"] = f"exception {type(exc).__name__}"
            raise
        return reply(b"{}")
    if path == "/download":
        start_response("200 OK", [("Content-Length", str(FILE.stat().st_size))])
        return _chunks(number(query, "chunk", 256) * 1024)
    return reply(b"{}", "404 Not Found")


def _chunks(size: int) -> Iterator[bytes]:
    state["sent"] = 0
    with FILE.open("rb", buffering=0) as source:
        while data := source.read(size):
            state["sent"] += len(data)
            yield data
