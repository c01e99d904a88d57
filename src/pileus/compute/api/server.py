"""Servers."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pileus.compute.api import parse, server_query
from pileus.compute.api.flavor import may_see_all
from pileus.compute.api.links import links, next_links, self_url
from pileus.compute.api.lookup import asker_of, server_of
from pileus.compute.api.view import server as view
from pileus.compute.backend import Backend
from pileus.compute.db import host as hosts
from pileus.compute.db import server as rows
from pileus.compute.db.server_list import list_page
from pileus.compute.model.errors import (
    AvailabilityZoneUnknown,
    BlockDeviceInvalid,
    InstanceNotFound,
    MarkerNotFound,
    NetworkUnknown,
    PortUnknown,
    ServerGroupUnknown,
)
from pileus.compute.model.server import Server
from pileus.compute.operations import server as operations
from pileus.kit import ids
from pileus.kit.db import Transaction
from pileus.kit.errors import Invalid
from pileus.kit.http.message import Reply, Request
from pileus.kit.http.page import limit_of

ZERO_DISK = "os_compute_api:servers:create:zero_disk_flavor"
PASSWORD_BITS = 72  # twelve characters


# --- reading --------------------------------------------------------------------------------------


def list_brief(request: Request, backend: Backend) -> Reply:
    """GET /servers."""
    page, _, more = _page(request, backend, "os_compute_api:servers:index:get_all_tenants")
    return Reply.json({"servers": [view.brief(request, server) for server in page], **more})


def list_full(request: Request, backend: Backend) -> Reply:
    """GET /servers/detail."""
    page, zones, more = _page(request, backend, "os_compute_api:servers:detail:get_all_tenants")
    return Reply.json({"servers": [view.full(request, server, zones) for server in page], **more})


def _page(
    request: Request, backend: Backend, get_all_tenants: str
) -> tuple[Sequence[Server], Mapping[str, str], dict[str, Any]]:
    limit = limit_of(request, default=None, maximum=backend.settings.max_limit)
    query = server_query.of_request(request, get_all_tenants=get_all_tenants, limit=limit)
    with backend.database.read() as tx:
        marker = _marker(request, tx, get_all_tenants)
        page = list_page(tx, replace(query, marker=marker))
        zones = hosts.zones(tx)
    return page, zones, next_links(request, "servers_links", [server.id for server in page], limit)


def _marker(request: Request, tx: Transaction, get_all_tenants: str) -> Server | None:
    marker = request.query.get("marker")
    if marker is None:
        return None
    try:
        found = rows.get(tx, marker, may_be_deleted=True)
    except InstanceNotFound:
        raise MarkerNotFound(marker=marker) from None
    return server_query.require_marker(request, found, get_all_tenants=get_all_tenants)


def show(request: Request, backend: Backend) -> Reply:
    """GET /servers/{server_id}."""
    with backend.database.read() as tx:
        return Reply.json({"server": view.full(request, server_of(request, tx), hosts.zones(tx))})


# --- writing --------------------------------------------------------------------------------------


def create(request: Request, backend: Backend) -> Reply:
    """POST /servers."""
    body = request.json()
    asked = body["server"]
    hints = body.get("os:scheduler_hints") or body.get("OS-SCH-HNT:scheduler_hints") or {}
    _require_possible(asked, hints)
    ask = replace(
        _ask(asked),
        may_use_any_flavor=may_see_all(request),
        may_use_zero_disk=request.may(ZERO_DISK, {"project_id": request.context.project_id}),
    )
    servers = operations.create(backend, asker_of(request), request.context.token, ask)
    first = servers[0]
    if parse.is_true(asked.get("return_reservation_id", False)):
        return Reply.json({"reservation_id": first.reservation_id}, 202)
    document = {
        "id": first.id,
        "links": links(request, f"servers/{first.id}"),
        "OS-DCF:diskConfig": view.disk_config(first),
        "security_groups": _security_groups(asked),
        "adminPass": asked.get("adminPass") or ids.new_secret(PASSWORD_BITS),
    }
    return Reply.json({"server": document}, 202, {"location": self_url(request, f"servers/{first.id}")})


def update(request: Request, backend: Backend) -> Reply:
    """PUT /servers/{server_id}."""
    asked = request.json()["server"]
    columns = {"name": "name", "accessIPv4": "access_ip_v4", "accessIPv6": "access_ip_v6"}
    values: dict[str, Any] = {columns[name]: value for name, value in asked.items() if name in columns}
    if "OS-DCF:diskConfig" in asked:
        values["is_disk_config_auto"] = asked["OS-DCF:diskConfig"] == "AUTO"

    def change(tx: Transaction) -> Reply:
        server = server_of(request, tx)
        changed = operations.update(tx, server, values, backend.clock.now())
        return Reply.json({"server": view.full(request, changed, hosts.zones(tx))})

    return backend.database.write(change)


def delete(request: Request, backend: Backend) -> Reply:
    """DELETE /servers/{server_id}."""

    def begin(tx: Transaction) -> None:
        operations.delete(tx, backend.work, server_of(request, tx), asker_of(request), backend.clock.now())

    backend.database.write(begin)
    backend.work.nudge()
    return Reply.empty(204)


# --- what a body asks for -------------------------------------------------------------------------


def _ask(asked: dict[str, Any]) -> operations.ServerAsk:
    fewest = int(asked.get("min_count", 1))
    most = int(asked.get("max_count", fewest))
    if fewest > most:
        raise Invalid("min_count must be <= max_count")
    return operations.ServerAsk(
        name=asked["name"],
        flavor_id=parse.last_part(asked["flavorRef"]),
        image_id=asked["imageRef"],
        key_name=asked.get("key_name"),
        user_data=_user_data(asked.get("user_data")),
        metadata=asked.get("metadata", {}),
        fewest=fewest,
        most=most,
        availability_zone=_zone(asked.get("availability_zone")),
        is_disk_config_auto=asked.get("OS-DCF:diskConfig", "AUTO") == "AUTO",
        access_ip_v4=asked.get("accessIPv4", ""),
        access_ip_v6=asked.get("accessIPv6", ""),
    )


def _require_possible(asked: dict[str, Any], hints: dict[str, Any]) -> None:
    """Raise Invalid for what needs a network or volume service, or a group: there are none."""
    if "imageRef" not in asked:
        raise Invalid("Missing imageRef attribute")
    if not asked["imageRef"]:
        raise BlockDeviceInvalid(reason="there is no image to boot from, and no volume service.")
    for network in asked.get("networks", ()):
        if network.get("port"):
            raise PortUnknown(port_id=network["port"])
        raise NetworkUnknown(network_id=network.get("uuid", ""))
    if asked.get("block_device_mapping"):
        raise BlockDeviceInvalid(reason="there is no volume service.")
    for device in asked.get("block_device_mapping_v2", ()):
        if not _is_own_image(device, asked["imageRef"]):
            raise BlockDeviceInvalid(reason="there is no volume service.")
    if hints.get("group"):
        raise ServerGroupUnknown(group_id=hints["group"])


def _is_own_image(device: dict[str, Any], image_id: str) -> bool:
    """Whether a block device is the server's root disk on its host, made of its image: what it gets anyway."""
    is_image = device.get("source_type") == "image" and device.get("uuid") == image_id
    return is_image and device.get("destination_type", "local") == "local" and int(device.get("boot_index") or 0) == 0


def _zone(zone: str | None) -> str | None:
    if zone is not None and ":" in zone:  # ZONE:HOST, by which administrators force a host
        raise AvailabilityZoneUnknown
    return zone


def _user_data(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Invalid(
            f"Invalid input for field/attribute user_data. Value: {text}. '{text}' is not a 'base64'"
        ) from None
    return text


def _security_groups(asked: dict[str, Any]) -> list[dict[str, str]]:
    names = [group["name"] for group in asked.get("security_groups", ()) if "name" in group]
    return [{"name": name} for name in names or ["default"]]
