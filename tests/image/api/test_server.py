"""The service as a real process: killed, on a full disk, and under a large image."""

from __future__ import annotations

import hashlib
import http.client
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.image.bench import BYTES, OWNER

MEBIBYTE = bytes(range(256)) * 4096


@dataclass
class Server:
    process: subprocess.Popen[str]
    port: int
    state: Path

    def call(self, method: str, path: str, body: Any = None, media: str = "application/json") -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"x-auth-token": OWNER, "content-type": media, "accept": "application/json"}
        connection.request(method, path, data, headers)
        reply = connection.getresponse()
        answer = reply.status, reply.read()
        connection.close()
        return answer

    def create(self) -> str:
        status, body = self.call("POST", "/v2/images", {"disk_format": "raw", "container_format": "bare"})
        assert status == 201
        return str(json.loads(body)["id"])

    def status(self, image_id: str) -> str:
        return str(json.loads(self.call("GET", f"/v2/images/{image_id}")[1])["status"])

    def begin_upload(self, image_id: str, length: int) -> socket.socket:
        link = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        head = (
            f"PUT /v2/images/{image_id}/file HTTP/1.1\r\nHost: here\r\nX-Auth-Token: {OWNER}\r\n"
            f"Content-Type: {BYTES}\r\nAccept: application/json\r\nContent-Length: {length}\r\n\r\n"
        )
        link.sendall(head.encode())
        return link

    def files(self) -> list[Path]:
        return list((self.state / "images" / "local").iterdir())

    def peak_kib(self) -> int:
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        match = re.search(r"VmHWM:\s+(\d+) kB", text)
        assert match is not None
        return int(match[1])


def wait_until(is_so: Callable[[], bool], timeout_s: float = 60) -> None:
    end = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def run(*, lease_s: float = 60, file_limit_bytes: int | None = None) -> Server:
        arguments = [sys.executable, "-m", "tests.image.server", str(tmp_path), str(lease_s)]
        if file_limit_bytes is not None:
            arguments.append(str(file_limit_bytes))
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3])
        assert process.stdout is not None
        with process.stdout as out:
            servers.append(Server(process, int(out.readline()), tmp_path))
        return servers[-1]

    yield run
    for server in servers:
        server.process.kill()
        server.process.wait()


def test_an_upload_cut_off_by_a_kill_is_undone_by_the_next_process(start: Callable[..., Server]) -> None:
    first = start(lease_s=2)
    image_id, whole = first.create(), first.create()
    assert first.call("PUT", f"/v2/images/{whole}/file", b"whole", BYTES)[0] == 204
    link = first.begin_upload(image_id, 100 * 2**20)
    for _ in range(20):
        link.sendall(MEBIBYTE)
    wait_until(lambda: any(path.stat().st_size > 8 * 2**20 for path in first.files()))
    assert first.status(image_id) == "saving"
    first.process.kill()
    first.process.wait()
    link.close()
    time.sleep(2)
    second = start(lease_s=2)
    wait_until(lambda: second.status(image_id) == "queued")
    wait_until(lambda: len(second.files()) == 1)
    assert second.call("PUT", f"/v2/images/{image_id}/file", b"again", BYTES)[0] == 204
    assert second.call("GET", f"/v2/images/{image_id}/file") == (200, b"again")
    assert second.call("GET", f"/v2/images/{whole}/file") == (200, b"whole")


def test_a_client_that_hangs_up_frees_the_image_at_once(start: Callable[..., Server]) -> None:
    server = start()
    image_id = server.create()
    link = server.begin_upload(image_id, 100 * 2**20)
    link.sendall(MEBIBYTE * 6)
    wait_until(lambda: server.status(image_id) == "saving")
    link.close()
    wait_until(lambda: server.status(image_id) == "queued")
    wait_until(lambda: server.files() == [])


def test_a_full_disk_is_told_and_left_empty(start: Callable[..., Server]) -> None:
    server = start(file_limit_bytes=10 * 2**20)
    image_id = server.create()
    link = server.begin_upload(image_id, 16 * 2**20)
    for _ in range(16):
        link.sendall(MEBIBYTE)
    reply = http.client.HTTPResponse(link)
    reply.begin()
    assert reply.status == 413
    assert "There is not enough disk space on the image storage media." in json.load(reply)["message"]
    link.close()
    assert (server.status(image_id), server.files()) == ("queued", [])
    assert server.call("PUT", f"/v2/images/{image_id}/file", b"small", BYTES)[0] == 204


def test_memory_stays_flat_while_a_large_image_goes_in_and_out(start: Callable[..., Server]) -> None:
    server = start()
    image_id, mebibytes = server.create(), 400
    before_kib = server.peak_kib()
    link = server.begin_upload(image_id, mebibytes * 2**20)
    expected = hashlib.sha512()
    for _ in range(mebibytes):
        link.sendall(MEBIBYTE)
        expected.update(MEBIBYTE)
    assert link.recv(65536).startswith(b"HTTP/1.1 204 ")
    link.close()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("GET", f"/v2/images/{image_id}/file", headers={"x-auth-token": OWNER})
    reply = connection.getresponse()
    received = hashlib.sha512()
    while piece := reply.read(2**20):
        received.update(piece)
    connection.close()
    assert received.digest() == expected.digest()
    image = json.loads(server.call("GET", f"/v2/images/{image_id}")[1])
    assert image["os_hash_value"] == expected.hexdigest()
    assert server.peak_kib() - before_kib < 100 * 1024
