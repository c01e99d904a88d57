"""What must be true of a cloud that has settled, whatever was done to it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from tests.crash import job
from tests.crash.api import Api, wait_until
from tests.crash.hypervisor import Hypervisor

SETTLE_S = 90
STATUSES = {"ACTIVE", "SHUTOFF", "RESCUE", "VERIFY_RESIZE", "SHELVED_OFFLOADED", "ERROR"}
NOWHERE = {"SHELVED_OFFLOADED", "ERROR"}


def settle(admin: Api) -> None:
    """Wait until nothing is under way any more."""
    for service in admin.call("compute", "GET", "/os-services?binary=nova-compute")["services"]:
        if service["forced_down"]:
            job.force_down(admin, service["host"], is_down=False)
    wait_until("something is still under way", lambda: not _busy(admin), SETTLE_S)


def check(admin: Api, state: Path, hypervisor: Hypervisor) -> None:
    """Hold servers, guests, allocations, usage, images and files against each other. Raises AssertionError."""
    servers = _servers(admin)
    _check_servers(servers)
    placed = {one["id"]: str(one["OS-EXT-SRV-ATTR:host"]) for one in servers if one["OS-EXT-SRV-ATTR:host"]}
    waiting = admin.call("compute", "GET", "/os-migrations?status=finished")["migrations"]
    aside = {one["instance_uuid"]: one["source_compute"] for one in waiting}
    assert set(aside) == {one["id"] for one in servers if one["status"] == "VERIFY_RESIZE"}
    wait_until("guests differ from servers", lambda: hypervisor.guests() == placed, 40, 0.5)
    wait_until("what is set aside differs from migrations", lambda: hypervisor.aside() == aside, 40, 0.5)
    wanted = {**placed, **{one["uuid"]: one["source_compute"] for one in waiting}}
    wait_until("allocations differ from servers", lambda: _places(admin) == wanted, 70, 0.5)
    held = _allocations(admin)
    assert [one for one in servers if one["id"] in placed and held[one["id"]] != _resources(one["flavor"])] == []
    _check_usage(admin)
    _check_images(admin, state)


def clear(admin: Api, hypervisor: Hypervisor, state: Path) -> None:
    """Delete everything, and make sure that nothing is left."""
    for server in _servers(admin):
        admin.call("compute", "DELETE", f"/servers/{server['id']}")
    wait_until("servers are not deleted", lambda: not _servers(admin), SETTLE_S)
    for image in _images(admin):
        admin.call("image", "DELETE", f"/v2/images/{image['id']}")
    wait_until("guests are left", lambda: not hypervisor.guests() and not hypervisor.aside(), 40, 0.5)
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
        assert server["status"] in STATUSES, server
        assert bool(server["OS-EXT-SRV-ATTR:host"]) == (server["status"] not in NOWHERE), server
        assert server["status"] != "ERROR" or server["fault"]["message"], server


def _resources(flavor: dict[str, Any]) -> dict[str, int]:
    return {"VCPU": flavor["vcpus"], "MEMORY_MB": flavor["ram"], "DISK_GB": flavor["disk"]}


def _providers(admin: Api) -> dict[str, str]:
    rows = admin.call("placement", "GET", "/resource_providers")["resource_providers"]
    return {row["uuid"]: row["name"] for row in rows}


def _allocations(admin: Api) -> dict[str, dict[str, int]]:
    return {consumer: resources for _, consumer, resources in _held(admin)}


def _places(admin: Api) -> dict[str, str]:
    held = _held(admin)
    assert len({consumer for _, consumer, _ in held}) == len(held), f"something is allocated twice: {held}"
    return {consumer: name for name, consumer, _ in held}


def _held(admin: Api) -> list[tuple[str, str, dict[str, int]]]:
    """Return host, consumer and what that has there."""
    return [
        (name, consumer, row["resources"])
        for uuid, name in _providers(admin).items()
        for consumer, row in admin.call("placement", "GET", f"/resource_providers/{uuid}/allocations")[
            "allocations"
        ].items()
    ]


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
