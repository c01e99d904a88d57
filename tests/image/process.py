"""The service as a process of its own, to be killed."""

from __future__ import annotations

import http.client
import json
import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pileus.image.db import quota as quotas
from pileus.image.db import upload as uploads
from pileus.image.model.audit import Finding
from pileus.image.model.quota import SIZE_TOTAL
from pileus.image.model.upload import STAGING
from pileus.image.operations import audit
from pileus.image.service import new_cache, new_staging, new_stores
from pileus.image.settings import Settings
from pileus.image.stores.filesystem import MARK
from pileus.kit.db import Database
from tests.image.bench import BYTES, OWNER

MEBIBYTE = bytes(range(256)) * 4096


@dataclass
class Server:
    process: subprocess.Popen[str]
    port: int
    state: Path

    def call(
        self, method: str, path: str, body: Any = None, media: str = "application/json", token: str = OWNER
    ) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"x-auth-token": token, "content-type": media, "accept": "application/json"}
        connection.request(method, path, data, headers)
        reply = connection.getresponse()
        answer = reply.status, reply.read()
        connection.close()
        return answer

    def create(self) -> str:
        status, body = self.call("POST", "/v2/images", {"disk_format": "raw", "container_format": "bare"})
        assert status == 201
        return str(json.loads(body)["id"])

    def get(self, image_id: str) -> dict[str, Any]:
        return dict(json.loads(self.call("GET", f"/v2/images/{image_id}")[1]))

    def status(self, image_id: str) -> str:
        return str(self.get(image_id)["status"])

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def begin_upload(self, image_id: str, length: int | None, to: str = "file") -> socket.socket:
        """Send the head of an upload of so many bytes, or of chunks."""
        form = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
        link = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        head = (
            f"PUT /v2/images/{image_id}/{to} HTTP/1.1\r\nHost: here\r\nX-Auth-Token: {OWNER}\r\n"
            f"Content-Type: {BYTES}\r\nAccept: application/json\r\n{form}\r\n\r\n"
        )
        link.sendall(head.encode())
        return link

    def begin_download(self, image_id: str) -> socket.socket:
        """Ask for an image's bytes, and read none of them."""
        link = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        link.sendall(f"GET /v2/images/{image_id}/file HTTP/1.1\r\nHost: here\r\nX-Auth-Token: {OWNER}\r\n\r\n".encode())
        return link

    def send_piece(self, link: socket.socket, data: bytes, *, is_chunk: bool) -> None:
        link.sendall(b"%x\r\n%s\r\n" % (len(data), data) if is_chunk else data)

    def files(self, store: str = "local") -> list[Path]:
        return [path for path in (self.state / "images" / store).iterdir() if path.name != MARK]

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


@contextmanager
def opened(server: Server) -> Iterator[Database]:
    database = Database(f"sqlite:///{server.state}/image.sqlite")
    try:
        yield database
    finally:
        database.close()


def used_bytes(server: Server, resource: str = SIZE_TOTAL) -> int:
    with opened(server) as database, database.read() as tx:
        return quotas.usage(tx, "p-own")[resource]


def findings(server: Server, settings: Settings | None = None) -> list[Finding]:
    """Return what an audit finds, as `pileus image audit` does."""
    found: list[Finding] = []
    settings = settings or Settings()
    stores = {**new_stores(settings, server.state), STAGING: new_staging(settings, server.state)}
    cache = new_cache(settings, server.state)
    with opened(server) as database:
        for name, store in stores.items():
            orphans = audit.list_orphans(database, name, store)
            if orphans is not None:
                found += [*orphans, *audit.list_bad_copies(database, {name: store})]
        copies = [] if cache is None else audit.list_stale_copies(database, cache)
        return [*found, *copies, *audit.list_odd_images(database)]


def is_settled(server: Server) -> bool:
    """Tell whether nothing is on its way any more, neither in nor out."""
    with opened(server) as database, database.read() as tx:
        return not (uploads.list_discarded(tx) or uploads.list_of_owner(tx, ""))
