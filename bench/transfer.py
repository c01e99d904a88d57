"""How fast an image goes in and out, and what memory the server takes meanwhile."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bench import process
from bench.client import TIMEOUT_S, Client, Refused
from bench.cloud import Cloud
from bench.report import Figure, Row, Table

MIB = 2**20
CHUNK_BYTES = 64 * 1024  # as large as those of the image client
AIM_RATIO = 1.5
AIM_GROWTH_MIB = 64


class Content:
    """The bytes of an image: a megabyte of random ones, a megabyte of zeros, and so on."""

    def __init__(self, size_mib: int) -> None:
        self.size = size_mib * MIB
        self._block = b"".join(os.urandom(MIB) + bytes(MIB) for _ in range(8))
        self._chunked = b"".join(
            b"%x\r\n" % CHUNK_BYTES + self._block[start : start + CHUNK_BYTES] + b"\r\n"
            for start in range(0, len(self._block), CHUNK_BYTES)
        )
        assert self.size % len(self._block) == 0
        self._count = self.size // len(self._block)
        digest = hashlib.md5(usedforsecurity=False)
        for _ in range(self._count):
            digest.update(self._block)
        self.checksum = digest.hexdigest()

    def send(self, connection: http.client.HTTPConnection, *, is_chunked: bool) -> None:
        """Send a request's body."""
        block = self._chunked if is_chunked else self._block
        for _ in range(self._count):
            connection.send(block)
        if is_chunked:
            connection.send(b"0\r\n\r\n")


@dataclass(slots=True)
class Transfers:
    """What the transfers of one kind took."""

    rates: list[float] = field(default_factory=list)  # MB/s
    growths: list[float] = field(default_factory=list)  # MiB of resident memory, at the peak
    cpus: list[float] = field(default_factory=list)  # seconds of all of the cloud's processes


KINDS = UPLOAD, CHUNKED, DOWNLOAD = "upload", "upload, chunked", "download"


def measure(clouds: Sequence[tuple[Cloud, Client]], content: Content, times: int) -> list[dict[str, Transfers]]:
    """Send an image and fetch it so many times, to one cloud after the other."""
    found = [{kind: Transfers() for kind in KINDS} for _ in clouds]
    for _ in range(times):
        for transfers, (cloud, client) in zip(found, clouds, strict=True):
            _send_and_fetch(transfers, cloud, client, content)
    return found


def _send_and_fetch(transfers: dict[str, Transfers], cloud: Cloud, client: Client, content: Content) -> None:
    chunked, plain = _new_image(client), _new_image(client)
    _observe(transfers[CHUNKED], cloud, content, lambda: _upload(client, chunked, content, is_chunked=True))
    _require_same(client, chunked, content)
    client.call("image", "DELETE", f"/v2/images/{chunked}")
    _observe(transfers[UPLOAD], cloud, content, lambda: _upload(client, plain, content, is_chunked=False))
    _require_same(client, plain, content)
    _observe(transfers[DOWNLOAD], cloud, content, lambda: _download(client, plain, content))
    client.call("image", "DELETE", f"/v2/images/{plain}")


def table(found: Sequence[dict[str, Transfers]], content: Content, disk_rate: float) -> Table:
    """Return the table."""
    ours = found[0]
    theirs = found[1] if len(found) > 1 else {}
    rows = [row for kind in KINDS for row in _rows(kind, ours[kind], theirs.get(kind))]
    notes = (
        f"One client, one stream, {content.size / MIB / 1024:g} GiB: a megabyte of random bytes, a megabyte of zeros, "
        "and so on, in a raw image. Chunked is how the image client sends, in pieces of 64 KiB. MB are 10⁶ bytes. "
        "Memory is how far the resident memory of all processes grew at its peak; processor is the seconds that they "
        "used. The client runs on the same machine and sends from memory.\n\n"
        "When Pileus answers an upload the bytes are on the disk (fsync). Glance leaves them to the page cache. "
        f"The disk itself took {disk_rate:.0f} MB/s with an fsync at the end."
    )
    return Table("4. An image's bytes", rows, notes)


def disk_rate(folder: Path, content: Content) -> float:
    """Return how many MB/s the file system takes, with an fsync at the end."""
    file = folder / "disk-rate"
    block, count = bytes(16 * MIB), content.size // (16 * MIB)
    os.sync()
    began = time.perf_counter()
    with file.open("wb", buffering=0) as out:
        for _ in range(count):
            out.write(block)
        os.fsync(out.fileno())
    took = time.perf_counter() - began
    file.unlink()
    return content.size / 1e6 / took


def _rows(kind: str, ours: Transfers, theirs: Transfers | None) -> list[Row]:
    rate, growth, cpu = _figures(ours)
    other = _figures(theirs) if theirs else (None, None, None)
    speed = Row(f"{kind}: speed", rate, other[0], is_more_better=True)
    if kind.startswith("upload") and speed.better is not None:
        is_met = speed.better >= AIM_RATIO
        speed = Row(f"{kind}: speed", rate, other[0], is_more_better=True, aim=f"{AIM_RATIO} times", is_met=is_met)
    is_flat = max(growth.samples) < AIM_GROWTH_MIB
    return [
        speed,
        Row(f"{kind}: memory", growth, other[1], has_ratio=False, aim=f"flat (< {AIM_GROWTH_MIB} MiB)", is_met=is_flat),
        Row(f"{kind}: processor", cpu, other[2]),
    ]


def _figures(transfers: Transfers) -> tuple[Figure, Figure, Figure]:
    return Figure(transfers.rates, "MB/s", 0), Figure(transfers.growths, "MiB", 0), Figure(transfers.cpus, "s", 1)


def _observe(transfers: Transfers, cloud: Cloud, content: Content, run: Callable[[], None]) -> None:
    os.sync()  # what others left to be written must not count here
    pids = cloud.pids()
    process.forget_peak(pids)
    before, cpu_s = process.resident_mib(pids), process.footprint(pids).cpu_s
    began = time.perf_counter()
    run()
    transfers.rates.append(content.size / 1e6 / (time.perf_counter() - began))
    transfers.growths.append(max(0.0, process.peak_mib(pids) - before))
    transfers.cpus.append(process.footprint(pids).cpu_s - cpu_s)


def _new_image(client: Client) -> str:
    body = {"name": "transfer", "disk_format": "raw", "container_format": "bare"}
    return str(client.call("image", "POST", "/v2/images", body)["id"])


def _require_same(client: Client, image_id: str, content: Content) -> None:
    image = client.call("image", "GET", f"/v2/images/{image_id}")
    if (image["status"], image["size"], image["checksum"]) != ("active", content.size, content.checksum):
        raise Refused(500, f"the image is not what was sent: {image}")


def _upload(client: Client, image_id: str, content: Content, *, is_chunked: bool) -> None:
    with _connected(client) as connection:
        connection.putrequest("PUT", f"/v2/images/{image_id}/file")
        length = ("transfer-encoding", "chunked") if is_chunked else ("content-length", str(content.size))
        headers = {**client.headers("image"), "content-type": "application/octet-stream"}
        for name, value in (*headers.items(), length):
            connection.putheader(name, value)
        connection.endheaders()
        content.send(connection, is_chunked=is_chunked)
        reply = connection.getresponse()
        text = reply.read().decode(errors="replace")
    if reply.status >= 300:
        raise Refused(reply.status, text)


def _download(client: Client, image_id: str, content: Content) -> None:
    buffer, size = bytearray(4 * MIB), 0
    with _connected(client) as connection:
        connection.request("GET", f"/v2/images/{image_id}/file", headers=client.headers("image"))
        reply = connection.getresponse()
        while count := reply.readinto(buffer):
            size += count
    if (reply.status, size) != (200, content.size):
        raise Refused(reply.status, f"{size} of {content.size} bytes")


def _connected(client: Client) -> contextlib.closing[http.client.HTTPConnection]:
    at = urlsplit(client.url("image", ""))
    return contextlib.closing(http.client.HTTPConnection(at.netloc, timeout=TIMEOUT_S))
