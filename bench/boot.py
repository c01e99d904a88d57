"""How long a server takes: to ACTIVE, and to the login prompt of a real guest."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.client import Client, Refused, wait_until
from bench.report import Figure, Row, Table

Flavor = tuple[str, int, int, int]  # name, memory in MiB, disk in GiB, processors
SMALL: Flavor = ("bench", 256, 1, 1)
GUEST_TIMEOUT_S = 120


@dataclass(slots=True)
class Boots:
    """Seconds since a server was asked for, one of each for a server."""

    accepted: list[float] = field(default_factory=list)
    active: list[float] = field(default_factory=list)
    prompt: list[float] = field(default_factory=list)

    def figure(self, name: str) -> Figure | None:
        """Return one kind of them, if there are any."""
        samples = getattr(self, name)
        return Figure(samples, "s", 2) if samples else None


def measure_guests(client: Client, image: Path, times: int) -> tuple[Boots, Boots]:
    """Boot real guests: of images that the host has never seen, then of one that it has."""
    cold, cached = Boots(), Boots()
    flavor, data = ensure_flavors(client, [SMALL])[0], image.read_bytes()
    for number in range(times):
        image_id = upload(client, f"guest-{number}", data, "qcow2")
        _boot(cold, client, image_id, flavor, is_guest=True)
        _boot(cached, client, image_id, flavor, is_guest=True)
        client.call("image", "DELETE", f"/v2/images/{image_id}")
    return cold, cached


def measure_pretended(clients: Sequence[Client], times: int) -> list[Boots]:
    """Boot pretended guests, turn and turn about; return those of each client's cloud."""
    found = [Boots() for _ in clients]
    places = [
        (upload(client, "pretended", bytes(2**20), "raw"), ensure_flavors(client, [SMALL])[0]) for client in clients
    ]
    for _ in range(times):
        for boots, client, (image_id, flavor) in zip(found, clients, places, strict=True):
            _boot(boots, client, image_id, flavor, is_guest=False)
    for client, (image_id, _) in zip(clients, places, strict=True):
        client.call("image", "DELETE", f"/v2/images/{image_id}")
    return found


def table(guests: tuple[Boots, Boots], pretended: Sequence[Boots]) -> Table:
    """Return the table."""
    ours = pretended[0]
    theirs = pretended[1] if len(pretended) > 1 else Boots()
    rows = [
        Row("pretended guest: request accepted", ours.figure("accepted"), theirs.figure("accepted")),
        Row("pretended guest: ACTIVE", ours.figure("active"), theirs.figure("active")),
    ]
    for name, boots in zip(("new to the host", "known to the host"), guests, strict=True):
        rows.append(Row(f"real guest, image {name}: ACTIVE", boots.figure("active")))
        rows.append(Row(f"real guest, image {name}: login prompt", boots.figure("prompt")))
    notes = (
        "Seconds from the request. Pretended guests come of each side's fake driver, made turn and turn about. Real "
        "guests are those of guest/, 49 MiB, emulated without KVM: most of the time to the prompt is the guest's own."
    )
    return Table("3. A server", rows, notes)


# --- the steps, for others too ------------------------------------------------------------------


def upload(client: Client, name: str, data: bytes, disk_format: str) -> str:
    """Make an image and return its id."""
    body = {"name": name, "disk_format": disk_format, "container_format": "bare"}
    image_id = str(client.call("image", "POST", "/v2/images", body)["id"])
    client.send_file(f"/v2/images/{image_id}/file", data)
    return image_id


def ensure_flavors(client: Client, flavors: Sequence[Flavor]) -> list[str]:
    """Return the ids of flavors of these names; make those that are not there."""
    known = {each["name"]: str(each["id"]) for each in client.call("compute", "GET", "/flavors")["flavors"]}
    for name, memory_mb, disk_gb, vcpus in flavors:
        if name not in known:
            body = {"flavor": {"name": name, "ram": memory_mb, "disk": disk_gb, "vcpus": vcpus}}
            known[name] = str(client.call("compute", "POST", "/flavors", body)["flavor"]["id"])
    return [known[flavor[0]] for flavor in flavors]


def wait_for_room(client: Client) -> None:
    """Return when there is a host with room for a server. Raises TooLate."""
    path = "/allocation_candidates?resources=VCPU:1,MEMORY_MB:256"

    def has_room() -> bool:
        return bool(client.call("placement", "GET", path)["allocation_requests"])

    wait_until("there is no room for a server", has_room, timeout_s=60, pause_s=0.02)


def create(client: Client, image_id: str, flavor: str) -> tuple[str, float]:
    """Ask for a server; return its id and how many seconds the answer took."""
    body = {"server": {"name": "bench", "imageRef": image_id, "flavorRef": flavor}}
    began = time.perf_counter()
    server = client.call("compute", "POST", "/servers", body)["server"]
    return str(server["id"]), time.perf_counter() - began


def wait_for_active(client: Client, server_id: str, pause_s: float = 0.02) -> None:
    """Return when a server is ACTIVE. Raises Refused if it never will be, TooLate."""

    def is_active() -> bool:
        server: dict[str, Any] = client.call("compute", "GET", f"/servers/{server_id}")["server"]
        if server["status"] not in ("BUILD", "ACTIVE"):
            raise Refused(500, f"the server is {server['status']}: {server.get('fault')}")
        return bool(server["status"] == "ACTIVE")

    wait_until("the server is not ACTIVE", is_active, timeout_s=GUEST_TIMEOUT_S, pause_s=pause_s)


def wait_for_prompt(client: Client, server_id: str) -> None:
    """Return when the guest shows a login prompt. Raises TooLate."""
    body = {"os-getConsoleOutput": {"length": 5}}

    def has_prompt() -> bool:
        output = client.call("compute", "POST", f"/servers/{server_id}/action", body)["output"]
        return re.search(r"login: ?\Z", output) is not None

    wait_until("the guest shows no login prompt", has_prompt, timeout_s=GUEST_TIMEOUT_S, pause_s=0.05)


def delete(client: Client, server_id: str) -> None:
    """Delete a server and return when it is gone."""
    client.call("compute", "DELETE", f"/servers/{server_id}")

    def is_gone() -> bool:
        try:
            client.call("compute", "GET", f"/servers/{server_id}")
        except Refused as refusal:
            if refusal.status != 404:
                raise
            return True
        return False

    wait_until("the server is still there", is_gone, timeout_s=60, pause_s=0.02)


def _boot(boots: Boots, client: Client, image_id: str, flavor: str, *, is_guest: bool) -> None:
    began = time.perf_counter()
    server_id, accepted_s = create(client, image_id, flavor)
    boots.accepted.append(accepted_s)
    wait_for_active(client, server_id, pause_s=0.05 if is_guest else 0.01)
    boots.active.append(time.perf_counter() - began)
    if is_guest:
        wait_for_prompt(client, server_id)
        boots.prompt.append(time.perf_counter() - began)
    delete(client, server_id)
