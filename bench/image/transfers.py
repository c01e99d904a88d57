"""The rows about an image's bytes: as fast as this machine can, and in how much memory."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bench import process, wire
from bench.client import TIMEOUT_S, Refused
from bench.image.bare import Bare
from bench.report import Figure, Row, at_most
from bench.transfer import Content

GIB_IN_MIB = 1024
TIMES, AT_ONCE, MANY = 3, 4, 16
UPLOAD_SHARE, UPLOAD_RATIO, DOWNLOAD_SHARE, DOWNLOAD_RATIO, GROWTH_MIB = 0.85, 1.5, 0.9, 1.0, 64
DOWNLOADS = 7
MIB = 2**20


class Side(Protocol):
    """An image service."""

    @property
    def port(self) -> int:
        """The port."""


@dataclass(frozen=True, slots=True)
class Bytes:
    """What is sent, and by whom."""

    content: Content
    token: str
    bare: Bare


def upload(sides: Sequence[Side], sent: Bytes) -> list[Row]:
    """Send an image: to the bare receiver, and to each side, in turn."""
    bare: list[float] = []
    rates: list[dict[str, list[float]]] = [{kind: [] for kind in ("plain", "chunked", "several")} for _ in sides]
    for _ in range(TIMES):
        bare.append(_rate(sent.content, lambda: _put(sent.bare.port, "/", sent, is_chunked=False)))
        for side, found in zip(sides, rates, strict=True):
            found["plain"].append(_uploaded(side, sent, is_chunked=False))
            found["chunked"].append(_uploaded(side, sent, is_chunked=True))
            found["several"].append(_several(side, sent))
    receiver = _figure(bare)
    rows = [Row("a bare receiver", receiver)]
    labels = {"plain": "upload", "chunked": "upload, chunked", "several": f"{AT_ONCE} uploads at once, together"}
    for kind, label in labels.items():
        ours, *theirs = [_figure(found[kind]) for found in rates]
        share = ours.median / receiver.median
        aim, is_met = f"{UPLOAD_SHARE:.0%} of bare (has {share:.0%})", share >= UPLOAD_SHARE
        row = Row(label, ours, theirs[0] if theirs else None, is_more_better=True)
        if row.better is not None:
            aim, is_met = f"{aim} and {UPLOAD_RATIO} times", is_met and row.better >= UPLOAD_RATIO
        rows.append(Row(label, ours, row.originals, is_more_better=True, aim=aim, is_met=is_met))
    return rows


def download(sides: Sequence[Side], sent: Bytes) -> list[Row]:
    """Fetch an image, which the page cache has: from the bare server, and from each side, in turn."""
    _put(sent.bare.port, "/", sent, is_chunked=False)
    image_ids = [_new_image(side.port, sent.token) for side in sides]
    for side, image_id in zip(sides, image_ids, strict=True):
        _put(side.port, _path(image_id), sent, is_chunked=False)
    bare: list[float] = []
    rates: list[list[float]] = [[] for _ in sides]
    for _ in range(DOWNLOADS):
        bare.append(_rate(sent.content, lambda: _get(sent.bare.port, "/", sent)))
        for side, image_id, found in zip(sides, image_ids, rates, strict=True):
            found.append(_rate(sent.content, lambda: _get(side.port, _path(image_id), sent)))  # noqa: B023 (at once)
    for side, image_id in zip(sides, image_ids, strict=True):
        _delete(side.port, image_id, sent.token)
    server, (ours, *theirs) = _figure(bare), [_figure(found) for found in rates]
    share = ours.median / server.median
    row = Row("download", ours, theirs[0] if theirs else None, is_more_better=True)
    aim, is_met = f"{DOWNLOAD_SHARE:.0%} of bare (has {share:.0%})", share >= DOWNLOAD_SHARE
    if row.better is not None:
        aim, is_met = f"{aim} and no less", is_met and row.better >= DOWNLOAD_RATIO
    return [
        Row("a bare sendfile server", server),
        Row("download", ours, row.originals, is_more_better=True, aim=aim, is_met=is_met),
    ]


def memory(pids: Callable[[], list[int]], side: Side, sent: Bytes) -> list[Row]:
    """Send 16 images at once, and see how far the resident memory grows."""
    image_ids = [_new_image(side.port, sent.token) for _ in range(MANY)]
    os.sync()
    process.forget_peak(pids())
    before, began = process.resident_mib(pids()), time.perf_counter()
    with ThreadPoolExecutor(MANY) as pool:
        list(pool.map(lambda each: _put(side.port, _path(each), sent, is_chunked=False), image_ids))
    took_s, growth = time.perf_counter() - began, process.peak_mib(pids()) - before
    for image_id in image_ids:
        _require_same(side.port, image_id, sent)
        _delete(side.port, image_id, sent.token)
    what = f"{MANY} uploads of {sent.content.size / MIB / GIB_IN_MIB:g} GiB at once"
    return [
        at_most(f"{what}: memory", Figure([growth], "MiB", 0), None, GROWTH_MIB),
        Row(f"{what}: together", Figure([MANY * sent.content.size / 1e6 / took_s], "MB/s", 0)),
    ]


def _uploaded(side: Side, sent: Bytes, *, is_chunked: bool) -> float:
    image_id = _new_image(side.port, sent.token)
    rate = _rate(sent.content, lambda: _put(side.port, _path(image_id), sent, is_chunked=is_chunked))
    _require_same(side.port, image_id, sent)
    _delete(side.port, image_id, sent.token)
    return rate


def _several(side: Side, sent: Bytes) -> float:
    """Send some images at once; return what that makes together."""
    image_ids = [_new_image(side.port, sent.token) for _ in range(AT_ONCE)]

    def put_all() -> None:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda each: _put(side.port, _path(each), sent, is_chunked=False), image_ids))

    rate = AT_ONCE * _rate(sent.content, put_all)
    for image_id in image_ids:
        _delete(side.port, image_id, sent.token)
    return rate


def _rate(content: Content, run: Callable[[], None]) -> float:
    os.sync()  # what others left to be written must not count here
    began = time.perf_counter()
    run()
    return content.size / 1e6 / (time.perf_counter() - began)


def _figure(rates: Sequence[float]) -> Figure:
    return Figure(rates, "MB/s", 0)


def _path(image_id: str) -> str:
    return f"/v2/images/{image_id}/file"


def _new_image(port: int, token: str) -> str:
    body = {"name": "transfer", "disk_format": "raw", "container_format": "bare"}
    asked = wire.request("POST", "/v2/images", {"X-Auth-Token": token}, body)
    return str(json.loads(wire.ask(port, asked).body)["id"])


def _delete(port: int, image_id: str, token: str) -> None:
    wire.ask(port, wire.request("DELETE", f"/v2/images/{image_id}", {"X-Auth-Token": token}))


def _require_same(port: int, image_id: str, sent: Bytes) -> None:
    asked = wire.request("GET", f"/v2/images/{image_id}", {"X-Auth-Token": sent.token})
    image = json.loads(wire.ask(port, asked).body)
    if (image["status"], image["size"], image["checksum"]) != ("active", sent.content.size, sent.content.checksum):
        raise Refused(500, f"the image is not what was sent: {image}")


def _put(port: int, path: str, sent: Bytes, *, is_chunked: bool) -> None:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10 * TIMEOUT_S)) as connection:
        connection.putrequest("PUT", path)
        length = ("transfer-encoding", "chunked") if is_chunked else ("content-length", str(sent.content.size))
        for name, value in (("x-auth-token", sent.token), ("content-type", "application/octet-stream"), length):
            connection.putheader(name, value)
        connection.endheaders()
        sent.content.send(connection, is_chunked=is_chunked)
        reply = connection.getresponse()
        text = reply.read().decode(errors="replace")
    if reply.status >= 300:
        raise Refused(reply.status, text)


def _get(port: int, path: str, sent: Bytes) -> None:
    buffer, size = bytearray(4 * MIB), 0
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)) as connection:
        connection.request("GET", path, headers={"x-auth-token": sent.token})
        reply = connection.getresponse()
        while count := reply.readinto(buffer):
            size += count
    if (reply.status, size) != (200, sent.content.size):
        raise Refused(reply.status, f"{size} of {sent.content.size} bytes")


def free_gib(folder: Path) -> float:
    """Return how much room there is."""
    numbers = os.statvfs(folder)
    return numbers.f_bavail * numbers.f_frsize / 2**30
