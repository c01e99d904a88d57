"""How long a start takes: to the first token, to everything answering, to the first server."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from bench import boot
from bench.client import Client
from bench.cloud import Cloud, log_in
from bench.report import Figure, Row, Table, at_most

TOKEN_AIM_S = 2


@dataclass(slots=True)
class Starts:
    """Seconds since the process was made, one of each for a start."""

    token: list[float] = field(default_factory=list)
    ready: list[float] = field(default_factory=list)
    server: list[float] = field(default_factory=list)
    prompt: list[float] = field(default_factory=list)

    def figure(self, name: str) -> Figure | None:
        """Return one kind of them, if there are any."""
        samples = getattr(self, name)
        return Figure(samples, "s", 2) if samples else None


def start_timed(starts: Starts, cloud: Cloud) -> Client:
    """Start a cloud; return a client of it when all of it answers."""
    began = time.monotonic()
    cloud.start()
    client = log_in(cloud)
    starts.token.append(time.monotonic() - began)
    cloud.wait_until_ready()
    starts.ready.append(time.monotonic() - began)
    return client


def start_anew(starts: Starts, cloud: Cloud, image: Path | None) -> None:
    """Start a cloud on an empty state, go on until its first server, and stop it; `image` can be booted, if there."""
    began = time.monotonic()
    try:
        client = start_timed(starts, cloud)
        client.log_in()  # the catalog may have been empty the first time
        boot.wait_for_room(client)
        data, disk_format = (image.read_bytes(), "qcow2") if image else (bytes(2**20), "raw")
        image_id = boot.upload(client, "first", data, disk_format)
        server_id, _ = boot.create(client, image_id, boot.ensure_flavors(client, [boot.SMALL])[0])
        boot.wait_for_active(client, server_id)
        starts.server.append(time.monotonic() - began)
        if image:
            boot.wait_for_prompt(client, server_id)
            starts.prompt.append(time.monotonic() - began)
        boot.delete(client, server_id)
    finally:
        cloud.stop()


def start_again(starts: Starts, cloud: Cloud, times: int) -> None:
    """Start a cloud on the state that it has, and stop it, so many times."""
    for _ in range(times):
        try:
            start_timed(starts, cloud)
        finally:
            cloud.stop()


def table(ours: tuple[Starts, Starts], theirs: tuple[Starts, Starts]) -> Table:
    """Return the table; each side has its starts on an empty state, and those on an existing one."""
    rows = [*_rows("empty state", ours[0], theirs[0]), *_rows("existing state", ours[1], theirs[1])]
    notes = (
        "Seconds from the start of the process. Pileus uses libvirt here, its first server is a real guest that boots "
        "to its login prompt under emulation, and the time includes the upload of its image. The originals' first "
        "server is pretended. A quarter of a second of Keystone's time to the token is bcrypt."
    )
    return Table("1. Start", rows, notes)


def _rows(state: str, ours: Starts, theirs: Starts) -> Iterable[Row]:
    token = ours.figure("token")
    assert token is not None
    yield at_most(f"{state}: first token answered", token, theirs.figure("token"), TOKEN_AIM_S)
    yield Row(f"{state}: everything answers", ours.figure("ready"), theirs.figure("ready"))
    if ours.server:
        yield Row(f"{state}: first server ACTIVE", ours.figure("server"), theirs.figure("server"))
        yield Row(f"{state}: first login prompt", ours.figure("prompt"), None)
