"""What must be true of a cloud that has settled, whatever was done to it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.crash.api import Api, wait_until

SETTLE_S = 90

Guests = Callable[[], dict[str, bool]]
"""Server id → whether its guest runs, as the hypervisor says."""


def settle(admin: Api) -> None:
    """Wait until nothing is under way any more."""
    wait_until("something is still under way", lambda: not _busy(admin), SETTLE_S)


def check(admin: Api, state: Path, guests: Guests) -> None:
    """Hold servers, guests, allocations, usage, images and files against each other. Raises AssertionError."""
    servers = _servers(admin)
    _check_servers(servers)
    placed = {server["id"] for server in servers if server["OS-EXT-SRV-ATTR:host"]}
    wait_until("guests differ from servers", lambda: set(guests()) == placed, 40, 0.5)
    wait_until("allocations differ from servers", lambda: set(_allocations(admin)) == placed, 70, 0.5)
    _check_usage(admin)
    _check_images(admin, state)


def clear(admin: Api, guests: Guests, state: Path) -> None:
    """Delete everything, and make sure that nothing is left."""
    for server in _servers(admin):
        admin.call("compute", "DELETE", f"/servers/{server['id']}")
    wait_until("servers are not deleted", lambda: not _servers(admin), SETTLE_S)
    for image in _images(admin):
        admin.call("image", "DELETE", f"/v2/images/{image['id']}")
    wait_until("guests are left", lambda: not guests(), 40, 0.5)
    assert not _allocations(admin), "allocations are left"
    wait_until("image files are left", lambda: not _files(state), 40, 0.5)


def _servers(admin: Api) -> list[dict[str, Any]]:
    return list(admin.call("compute", "GET", "/servers/detail?all_tenants=1")["servers"])


def _images(admin: Api) -> list[dict[str, Any]]:
    return list(admin.call("image", "GET", "/v2/images?limit=1000")["images"])


def _busy(admin: Api) -> list[str]:
    servers = [server["id"] for server in _servers(admin) if server["OS-EXT-STS:task_state"]]
    images = [image["id"] for image in _images(admin) if image["status"] in ("saving", "importing", "uploading")]
    return servers + images


def _check_servers(servers: list[dict[str, Any]]) -> None:
    for server in servers:
        assert server["status"] in ("ACTIVE", "ERROR"), server
        if server["status"] == "ERROR":
            assert server["fault"]["message"], server
            assert not server["OS-EXT-SRV-ATTR:host"], server


def _providers(admin: Api) -> list[str]:
    return [row["uuid"] for row in admin.call("placement", "GET", "/resource_providers")["resource_providers"]]


def _allocations(admin: Api) -> dict[str, dict[str, int]]:
    held: dict[str, dict[str, int]] = {}
    for provider in _providers(admin):
        rows = admin.call("placement", "GET", f"/resource_providers/{provider}/allocations")["allocations"]
        held |= {consumer: row["resources"] for consumer, row in rows.items()}
    return held


def _check_usage(admin: Api) -> None:
    summed: dict[str, int] = {}
    for resources in _allocations(admin).values():
        for name, amount in resources.items():
            summed[name] = summed.get(name, 0) + amount
    used: dict[str, int] = {}
    for provider in _providers(admin):
        usages = admin.call("placement", "GET", f"/resource_providers/{provider}/usages")["usages"]
        for name, amount in usages.items():
            used[name] = used.get(name, 0) + amount
    assert {name: amount for name, amount in used.items() if amount} == summed, "usage is not the sum of allocations"


def _check_images(admin: Api, state: Path) -> None:
    images = _images(admin)
    for image in images:
        assert image["status"] in ("queued", "active"), image
        if image["status"] == "active":
            data = admin.call("image", "GET", f"/v2/images/{image['id']}/file")
            assert len(data) == image["size"], image
            assert hashlib.sha512(data).hexdigest() == image["os_hash_value"], image
    active = {image["id"] for image in images if image["status"] == "active"}
    wait_until("image files differ from active images", lambda: _files(state) == active, 60, 0.5)


def _files(state: Path) -> set[str]:
    return {path.name[:36] for path in (state / "images").rglob("*-*") if path.is_file()}


def fake_guests(state: Path) -> Guests:
    """Return how to ask the fake hypervisor."""

    def ask() -> dict[str, bool]:
        file = state / "instances" / "fake-guests.json"
        guests = json.loads(file.read_text()) if file.exists() else {}
        return dict.fromkeys(guests, True)

    return ask


def libvirt_guests(state: Path) -> Guests:
    """Return how to ask libvirt."""
    import libvirt

    file = state / "cloud-id"

    def ask() -> dict[str, bool]:
        if not file.exists():  # the agent has never started, so there are no guests
            return {}
        cloud_id = file.read_text().strip()
        connection = libvirt.open("qemu:///system")
        try:
            found = {}
            for domain in connection.listAllDomains():
                if cloud_id in domain.XMLDesc():
                    found[domain.UUIDString()] = bool(domain.isActive())
            return found
        finally:
            connection.close()

    return ask
