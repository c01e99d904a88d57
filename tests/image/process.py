"""The service as a process of its own, to be killed."""

from __future__ import annotations

import http.client
import json
import re
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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

    def begin_upload(self, image_id: str, length: int | None) -> socket.socket:
        """Send the head of an upload of so many bytes, or of chunks."""
        form = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
        link = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        head = (
            f"PUT /v2/images/{image_id}/file HTTP/1.1\r\nHost: here\r\nX-Auth-Token: {OWNER}\r\n"
            f"Content-Type: {BYTES}\r\nAccept: application/json\r\n{form}\r\n\r\n"
        )
        link.sendall(head.encode())
        return link

    def send_piece(self, link: socket.socket, data: bytes, *, is_chunk: bool) -> None:
        link.sendall(b"%x\r\n%s\r\n" % (len(data), data) if is_chunk else data)

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
