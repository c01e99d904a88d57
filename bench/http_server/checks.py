"""Behaviours the API needs, each tried against the running server."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.http_server.client import MIB, Running, attempt, connect, get, read_answer, read_head, started, tls_get


def _state(port: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(get(port, "/state")[1])
    return found


def _send(server: Running, text: bytes) -> str:
    with connect(server.ports[0], 3) as sock:
        sock.sendall(text)
        try:
            status, _ = read_answer(sock)
        except ConnectionError:
            return "closed"
        except TimeoutError:
            return "no answer in 3 s"
    return str(status or "closed")


def hangup(server: Running) -> str:
    """What the application is told when the client goes away in mid-upload."""
    with connect(server.ports[0]) as sock:
        sock.sendall(b"PUT /hangup HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n" + b"x" * MIB)
        time.sleep(0.3)
    time.sleep(0.5)
    return str(_state(server.ports[1])["hangup"])


def slow_reader_app(server: Running) -> str:
    """The application does not read for 2 s: how much does the server take in?"""
    size = 400 * MIB
    block, taken = b"\0" * 65536, 0
    server.reset_peak()
    before = server.peak()
    with connect(server.ports[0]) as sock:
        sock.sendall(f"PUT /upload?wait=2000 HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n".encode())
        sock.setblocking(False)
        end = time.monotonic() + 1.5
        while time.monotonic() < end and taken < size:
            try:
                taken += sock.send(block[: size - taken])
            except BlockingIOError:
                time.sleep(0.01)
        held = server.peak() - before
    return f"memory +{held:.0f} MiB, client could send {taken / MIB:.0f} of 400 MiB"


def slow_client(server: Running) -> str:
    """The client asks for the big file and does not read for 1.5 s."""
    server.reset_peak()
    before = server.peak()
    with connect(server.ports[0]) as sock:
        sock.sendall(b"GET /download?chunk=1024 HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(1.5)
        sent, held = _state(server.ports[1])["sent"], server.peak() - before
    return f"memory +{held:.0f} MiB, app had sent {sent / MIB:.0f} MiB"


def client_stops_download(server: Running) -> str:
    """The client leaves in the middle of a download: does the app stop?"""
    with connect(server.ports[0]) as sock:
        sock.sendall(b"GET /download?chunk=1024 HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.2)
    time.sleep(0.2)
    first = _state(server.ports[1])["sent"]
    time.sleep(1.0)
    last = _state(server.ports[1])["sent"]
    if first == last < Path(_file()).stat().st_size:
        return f"app stopped at {first / MIB:.0f} MiB"
    return f"APP WENT ON to {last / MIB:.0f} MiB, send() said nothing"


def expect(server: Running) -> str:
    """Expect: 100-continue on a request whose body the app reads."""
    with connect(server.ports[0], 3) as sock:
        sock.sendall(b"PUT /upload HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        status, _, _ = read_head(sock)
        if status != 100:
            return f"NO, got {status}"
        sock.sendall(b"hello")
        return f"100 then {read_answer(sock)[0]}"


def expect_refused(server: Running) -> str:
    """Expect: 100-continue on a request the app refuses without reading."""
    with connect(server.ports[0], 3) as sock:
        sock.sendall(b"PUT /refuse HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        return f"{read_head(sock)[0]} first"


def early_refusal(server: Running) -> str:
    """The app answers 403 at once while the client keeps sending 64 MiB."""
    with connect(server.ports[0], 3) as sock:
        sock.sendall(f"PUT /refuse HTTP/1.1\r\nHost: x\r\nContent-Length: {64 * MIB}\r\n\r\n".encode())
        sent, note = 0, "read all of it"
        try:
            while sent < 64 * MIB:
                sock.sendall(b"\0" * MIB)
                sent += MIB
        except OSError as exc:
            note = f"{type(exc).__name__} after {sent // MIB} MiB"
        try:
            return f"{read_answer(sock)[0]}, {note}"
        except OSError:
            return f"NO ANSWER, {note}"


def head(server: Running) -> str:
    """HEAD has headers and no body, and the connection lives on."""
    with connect(server.ports[0], 3) as sock:
        sock.sendall(b"HEAD /json HTTP/1.1\r\nHost: x\r\n\r\n")
        status, headers, rest = read_head(sock)
        time.sleep(0.1)
        sock.sendall(b"GET /json HTTP/1.1\r\nHost: x\r\n\r\n")
        again, _ = read_answer(sock)
    length = headers.get("content-length")
    return "ok" if status == again == 200 and not rest and length else f"{status} {rest[:20]!r} {length} {again}"


def big_header(size: int) -> Callable[[Running], str]:
    """One header of ``size`` bytes."""
    return lambda server: _send(server, b"GET /json HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * size + b"\r\n\r\n")


def endless_header(server: Running) -> str:
    """A header that never ends: is there a limit, and where?"""
    server.reset_peak()
    before, sent = server.peak(), 0
    with connect(server.ports[0], 3) as sock:
        sock.sendall(b"GET /json HTTP/1.1\r\nHost: x\r\n")
        sock.settimeout(1)
        try:
            while sent < 64 * MIB:
                sock.sendall((b"X-A: " + b"a" * 65529 + b"\r\n") * 4)
                sent += 4 * 65536
        except OSError:
            return f"cut after {sent // 1024} KiB"
    return f"NO LIMIT: 64 MiB taken, memory +{server.peak() - before:.0f} MiB"


def long_path(server: Running) -> str:
    """A path of 70 000 bytes: refused, whole, or silently cut?"""
    with connect(server.ports[0], 3) as sock:
        sock.sendall(b"GET /scope/" + b"p" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        try:
            status, body = read_answer(sock)
        except (OSError, ValueError):
            return "closed"
    if status != 200:
        return str(status or "closed")
    seen = len(json.loads(body)["path"])
    return "whole" if seen == 70_007 else f"SILENTLY CUT to {seen}"


def slow_header(server: Running) -> str:
    """A client that sends half a request and then nothing, for 6 s."""
    with connect(server.ports[0], 6) as sock:
        sock.sendall(b"GET /json HTTP/1.1\r\nHo")
        try:
            return "closed" if sock.recv(10) == b"" else "answered"
        except TimeoutError:
            return "still open after 6 s"


def lengths(server: Running) -> str:
    """Bad framing headers, each of which must be a 400 or a closed connection."""
    cases = {
        "abc": b"Content-Length: abc",
        "-1": b"Content-Length: -1",
        "twice": b"Content-Length: 1\r\nContent-Length: 2",
        "huge": b"Content-Length: 99999999999999999999999",
        "both": b"Content-Length: 5\r\nTransfer-Encoding: chunked",
        "te": b"Transfer-Encoding: bogus",
    }
    seen = {k: _send(server, b"POST /upload HTTP/1.1\r\nHost: x\r\n" + v + b"\r\n\r\nhello") for k, v in cases.items()}
    alive = get(server.ports[0], "/json")[0] == 200
    return " ".join(f"{k}={v}" for k, v in seen.items()) + ("" if alive else " SERVER DEAD")


def bad_chunk(server: Running) -> str:
    """A chunk size that is no number, after the app started to read."""
    return _send(server, b"PUT /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n")


def raw_path(server: Running) -> str:
    """%2F in a path: is the raw form delivered?"""
    body = json.loads(get(server.ports[0], "/scope/a%2Fb%20c")[1])
    note = "" if body["port"] == server.ports[0] else f" PORT {body['port']!r}"
    return f"path {body['path']} raw {body['raw_path']}{note}"


def websocket(server: Running) -> str:
    """A websocket upgrade."""
    with connect(server.ports[0], 3) as sock:
        sock.sendall(
            b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        status, _, rest = read_head(sock)
        if status == 101 and b"hello" not in rest:
            rest += sock.recv(100)
        return "ok" if status == 101 and b"hello" in rest else f"no ({status})"


def threads(server: Running) -> str:
    """Operating-system threads and processes after use."""
    count = len(server.pids)
    return f"{server.status('Threads')} in {count} process{'es' if count > 1 else ''}"


def lifespan(server: Running) -> str:
    """Was a lifespan scope sent although it is off?"""
    return "off" if _state(server.ports[0])["lifespan"] == 0 else "SENT"


CHECKS: dict[str, Callable[[Running], str]] = {
    "client hangs up in upload": hangup,
    "app reads slowly": slow_reader_app,
    "client reads slowly": slow_client,
    "client leaves download": client_stops_download,
    "Expect, body wanted": expect,
    "Expect, refused": expect_refused,
    "early 403 during 64 MiB upload": early_refusal,
    "HEAD and keep-alive": head,
    "20 KiB header": big_header(20_000),
    "1 MiB header": big_header(MIB),
    "endless headers": endless_header,
    "70 000 byte path": long_path,
    "half a request for 6 s": slow_header,
    "bad Content-Length": lengths,
    "bad chunk": bad_chunk,
    "raw path": raw_path,
    "websocket": websocket,
    "lifespan": lifespan,
    "threads": threads,
}

_FILE: list[str] = []


def _file() -> str:
    return _FILE[0]


def _stop_while(server: Running, milliseconds: int) -> str:
    answer: list[str] = []

    def client() -> None:
        try:
            with connect(server.ports[0], 8) as sock:
                sock.sendall(f"GET /pause?ms={milliseconds} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                answer.append(str(read_answer(sock)[0] or "closed"))
        except OSError as exc:
            answer.append(type(exc).__name__)

    thread = threading.Thread(target=client)
    idle = socket.create_connection(("127.0.0.1", server.ports[1]))  # must not hold the exit up
    thread.start()
    time.sleep(0.3)
    begin = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    try:
        server.process.wait(6)
        took = f"exit in {time.monotonic() - begin:.1f} s, code {server.process.returncode}"
    except subprocess.TimeoutExpired:
        took = "NOT GONE in 6 s"
        for pid in server.pids:
            subprocess.run(["kill", "-9", str(pid)], check=False)
    thread.join()
    idle.close()
    return f"{answer[0]}, {took}"


def lifecycle(name: str, base: dict[str, str], folder: Path) -> dict[str, str]:
    """Shutdown, side thread and TLS: each needs a server of its own."""

    def stop(milliseconds: int, **extra: str) -> str:
        with started(name, **base, **extra) as server:
            return _stop_while(server, milliseconds)

    def tls() -> str:
        cert, key = folder / "cert.pem", folder / "key.pem"
        if not cert.exists():
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                 "-keyout", str(key), "-out", str(cert), "-days", "1", "-subj", "/CN=x"],
                check=True, capture_output=True,
            )  # fmt: skip
        with started(name, **base, BENCH_CERT=str(cert), BENCH_KEY=str(key)) as server:
            return "ok" if tls_get(server.ports[0]) == 200 else "no"

    side = "asgi" in name or "rsgi" in name or "uvicorn" in name or "hypercorn" in name
    return {
        "SIGTERM during 1 s request": attempt(lambda: stop(1000)),
        "SIGTERM during 20 s request, deadline 2 s": attempt(lambda: stop(20_000)),
        "in a side thread": attempt(lambda: stop(1000, BENCH_SIDE_THREAD="1")) if side else "own threads",
        "TLS": attempt(tls),
    }


def all_checks(name: str, base: dict[str, str], folder: Path) -> dict[str, str]:
    """Every behaviour of one candidate."""
    _FILE[:] = [base["BENCH_FILE"]]
    seen: dict[str, str] = {}
    with started(name, **base) as server:
        for title, check in CHECKS.items():
            seen[title] = attempt(lambda check=check: check(server))  # type: ignore[misc]
            if server.process.poll() is not None:
                seen[title] += " SERVER DEAD"
                break
    return {**seen, **lifecycle(name, base, folder)}
