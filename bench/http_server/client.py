"""Starting servers, loading them, and reading their memory."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

MIB = 1 << 20


def free_ports(count: int = 4) -> list[int]:
    """Ports that are free right now on loopback."""
    with contextlib.ExitStack() as stack:
        socks = [stack.enter_context(socket.socket()) for _ in range(count)]
        for sock in socks:
            sock.bind(("127.0.0.1", 0))
        return [sock.getsockname()[1] for sock in socks]


@dataclass
class Running:
    """A started candidate."""

    process: subprocess.Popen[bytes]
    ports: list[int]
    first_answer: float  # seconds from exec to an answer on all four ports

    @property
    def pids(self) -> list[int]:
        """The process and its descendants."""
        found, todo = [], [self.process.pid]
        while todo:
            pid = todo.pop()
            found.append(pid)
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                with contextlib.suppress(OSError):
                    todo += [int(child) for child in task.read_text().split()]
        return found

    def status(self, field: str) -> int:
        """Sum of a /proc/PID/status number over all processes."""
        total = 0
        for pid in self.pids:
            with contextlib.suppress(OSError):
                text = Path(f"/proc/{pid}/status").read_text()
                if match := re.search(rf"^{field}:\s+(\d+)", text, re.MULTILINE):
                    total += int(match[1])
        return total

    def rss(self) -> float:
        """Resident MiB now."""
        return self.status("VmRSS") / 1024

    def peak(self) -> float:
        """Highest resident MiB since reset_peak."""
        return self.status("VmHWM") / 1024

    def reset_peak(self) -> None:
        """Starts a new peak measurement."""
        for pid in self.pids:
            with contextlib.suppress(OSError):
                Path(f"/proc/{pid}/clear_refs").write_text("5")

    def cpu(self) -> float:
        """CPU seconds used so far."""
        ticks = 0
        for pid in self.pids:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def started(name: str, hop: str = "batch", **extra: str) -> Iterator[Running]:
    """Runs a candidate for the length of the block."""
    ports = free_ports()
    env = {**os.environ, "BENCH_HOP": hop, **extra}
    begin = time.perf_counter()
    command = [sys.executable, "-m", "bench.http_server.serve", name, *map(str, ports)]
    log = tempfile.TemporaryFile()  # noqa: SIM115 - closed below
    process = subprocess.Popen(command, env=env, stdout=log, stderr=log, start_new_session=True)
    try:
        for port in ports:
            while True:
                if process.poll() is not None or time.perf_counter() - begin > 15:
                    log.seek(0)
                    raise RuntimeError(f"{name} did not start: {log.read().decode()[-600:]}")
                try:
                    if "BENCH_CERT" in extra:
                        socket.create_connection(("127.0.0.1", port), 2).close()
                    elif get(port, "/state")[0] != 200:
                        continue
                    break
                except OSError:
                    time.sleep(0.005)
        yield Running(process, ports, time.perf_counter() - begin)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        log.close()


# ---------------------------------------------------------------- one request


def connect(port: int, timeout: float = 5) -> socket.socket:
    """A client connection."""
    sock = socket.create_connection(("127.0.0.1", port), timeout)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def read_head(sock: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and what came after them."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = sock.recv(65536)
        if not part:
            return 0, {}, data
        data += part
    head, rest = data.split(b"\r\n\r\n", 1)
    lines = head.decode("latin-1").split("\r\n")
    headers = {k.strip().lower(): v.strip() for k, v in (line.split(":", 1) for line in lines[1:])}
    return int(lines[0].split()[1]), headers, rest


def read_answer(sock: socket.socket) -> tuple[int, bytes]:
    """Status and body."""
    status, headers, body = read_head(sock)
    while "chunked" in headers.get("transfer-encoding", "") and not body.endswith(b"0\r\n\r\n"):
        part = sock.recv(65536)
        if not part:
            break
        body += part
    while len(body) < int(headers.get("content-length", 0)):
        part = sock.recv(65536)
        if not part:
            break
        body += part
    return status, body


def get(port: int, path: str) -> tuple[int, bytes]:
    """GET on a fresh connection."""
    with connect(port) as sock:
        sock.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        return read_answer(sock)


# ---------------------------------------------------------------- load


@dataclass
class Rate:
    """One wrk run."""

    per_second: float
    p50: float  # ms
    p99: float  # ms
    bad: int  # answers that were not 2xx, and socket errors


_UNIT = {"us": 0.001, "ms": 1.0, "s": 1000.0}


def wrk(port: int, path: str, connections: int, seconds: int, body: Path | None = None) -> Rate:
    """Loads one URL with wrk on one client thread."""
    tool = shutil.which("wrk")
    if not tool:
        raise RuntimeError("wrk is not installed")
    command = [tool, "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    if body:
        command += ["-s", str(body)]
    out = subprocess.run(
        [*command, f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True, check=True
    ).stdout

    def latency(percent: int) -> float:
        match = re.search(rf"^\s+{percent}%\s+([\d.]+)(us|ms|s)", out, re.MULTILINE)
        return float(match[1]) * _UNIT[match[2]] if match else float("nan")

    rate = re.search(r"Requests/sec:\s+([\d.]+)", out)
    bad = sum(int(n) for n in re.findall(r"Non-2xx or 3xx responses: (\d+)", out))
    if errors := re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", out):
        bad += sum(map(int, errors.groups()))
    return Rate(float(rate[1]) if rate else 0.0, latency(50), latency(99), bad)


def upload(port: int, path: str, size: int, chunked: bool) -> float:
    """PUTs ``size`` bytes and returns MiB/s; chunked uses 64 KiB chunks as glance clients do."""
    how = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"
    block = b"\0" * MIB
    if chunked:
        block = (b"10000\r\n" + b"\0" * 65536 + b"\r\n") * 16
    with connect(port, 20) as sock:
        begin = time.perf_counter()
        sock.sendall(f"PUT {path} HTTP/1.1\r\nHost: x\r\n{how}\r\n\r\n".encode())
        for _ in range(size // MIB):
            sock.sendall(block)
        if chunked:
            sock.sendall(b"0\r\n\r\n")
        status, body = read_answer(sock)
        took = time.perf_counter() - begin
    if status != 200 or f'"size": {size}'.encode() not in body:
        raise RuntimeError(f"answer {status} {body[:80]!r}")
    return size / MIB / took


def download(port: int, path: str, size: int) -> float:
    """GETs ``size`` bytes, discards them and returns MiB/s."""
    buffer = bytearray(4 * MIB)
    with connect(port, 20) as sock:
        begin = time.perf_counter()
        sock.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        status, _, rest = read_head(sock)
        if status != 200:
            raise RuntimeError(f"answer {status}")
        got = len(rest)
        while got < size and (count := sock.recv_into(buffer)):
            got += count
        took = time.perf_counter() - begin
    if status != 200 or got != size:
        raise RuntimeError(f"answer {status}, {got} of {size} bytes")
    return size / MIB / took


def tls_get(port: int) -> int:
    """Status of a GET over TLS."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with connect(port) as raw, context.wrap_socket(raw) as sock:
        sock.sendall(b"GET /json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return read_answer(sock)[0]


def attempt(fn: Callable[[], str]) -> str:
    """The check's answer, or the error in a few words."""
    try:
        return fn()
    except (OSError, RuntimeError, ValueError) as exc:
        return f"FAILED {type(exc).__name__} {str(exc)[:70]}".replace("\n", " ")
