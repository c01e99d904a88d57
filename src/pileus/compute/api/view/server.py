"""Servers as clients see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pileus.compute.api import versions as v
from pileus.compute.api.links import bookmark, links
from pileus.compute.model import image_property
from pileus.compute.model.host import DEFAULT_ZONE, UNKNOWN
from pileus.compute.model.server import Server, host_id_of, instance_name_of
from pileus.kit.clock import isoformat
from pileus.kit.http.message import Request

_WITH_PROGRESS = frozenset(("ACTIVE", "BUILD", "REBUILD", "RESIZE", "VERIFY_RESIZE", "MIGRATING"))
_WITH_FAULT = frozenset(("ERROR", "DELETED"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What one request may see of servers, asked of the policy once for all that it lists."""

    request: Request
    zones: Mapping[str, str]  # host → availability zone
    host_status: Mapping[str, str] | None  # host → status; None: not for this caller
    sees_only_unknown_status: bool
    sees_extended: bool
    sees_extra_specs: bool
    sees_fault_details: bool


def brief(request: Request, server_id: str, name: str) -> dict[str, Any]:
    """Return a row of a short list."""
    return {"id": server_id, "name": name, "links": links(request, f"servers/{server_id}")}


def row(sight: Sight, server: Server) -> dict[str, Any]:
    """Return a row of a list with details."""
    return {**_core(sight, server), **_whereabouts(sight, server), **_later(sight, server), **_pinned(sight, server)}


def full(sight: Sight, server: Server) -> dict[str, Any]:
    """Return everything about one server that its caller may see."""
    return {**row(sight, server), **_groups(sight, server)}


def changed(sight: Sight, server: Server) -> dict[str, Any]:
    """Return a server that was updated or rebuilt, which long showed less."""
    if sight.request.since(v.SAME_SERVER_VIEW):
        return full(sight, server)
    return {**_core(sight, server), **_later(sight, server), **_groups(sight, server)}


def disk_config(server: Server) -> str:
    """Return the word for who partitions the disk."""
    return "AUTO" if server.is_disk_config_auto else "MANUAL"


# --- parts of a document --------------------------------------------------------------------------


def _core(sight: Sight, server: Server) -> dict[str, Any]:
    status = server.status
    document = {
        **brief(sight.request, server.id, server.name),
        "status": status,
        "tenant_id": server.project_id,
        "user_id": server.user_id,
        "metadata": server.metadata,
        "hostId": host_id_of(server.project_id, server.host),
        "image": _image(sight.request, server),
        "flavor": _flavor(sight, server),
        "created": isoformat(server.created_at),
        "updated": isoformat(server.updated_at or server.created_at),
        "addresses": {},
        "accessIPv4": server.access_ip_v4,
        "accessIPv6": server.access_ip_v6,
        "OS-DCF:diskConfig": disk_config(server),
    }
    if status in _WITH_PROGRESS:
        document["progress"] = 0
    if status in _WITH_FAULT and server.fault is not None:
        document["fault"] = _fault(sight, server)
    return document


def _whereabouts(sight: Sight, server: Server) -> dict[str, Any]:
    document: dict[str, Any] = {
        "key_name": server.key_name,
        "config_drive": "True" if server.has_config_drive else "",
        "OS-EXT-AZ:availability_zone": _zone(server, sight.zones),
        "OS-EXT-STS:task_state": server.task_state,
        "OS-EXT-STS:vm_state": server.vm_state,
        "OS-EXT-STS:power_state": server.power_state,
        "OS-SRV-USG:launched_at": _time(server.launched_at),
        "OS-SRV-USG:terminated_at": _time(server.terminated_at),
        "os-extended-volumes:volumes_attached": [],
    }
    if sight.sees_extended:
        document |= _extended(sight.request, server)
    elif sight.request.since(v.HOSTNAME):
        document["OS-EXT-SRV-ATTR:hostname"] = server.hostname
    if sight.host_status is not None:
        status = sight.host_status.get(server.host or "", "")
        if status == UNKNOWN or not sight.sees_only_unknown_status:
            document["host_status"] = status
    return document


def _extended(request: Request, server: Server) -> dict[str, Any]:
    document: dict[str, Any] = {
        "OS-EXT-SRV-ATTR:host": server.host,
        "OS-EXT-SRV-ATTR:hypervisor_hostname": server.node,
        "OS-EXT-SRV-ATTR:instance_name": instance_name_of(server),
    }
    if request.since(v.MORE_SERVER_ATTRIBUTES):
        properties = server.image.properties if server.image else {}
        document |= {
            "OS-EXT-SRV-ATTR:hostname": server.hostname,
            "OS-EXT-SRV-ATTR:kernel_id": properties.get("kernel_id", ""),
            "OS-EXT-SRV-ATTR:ramdisk_id": properties.get("ramdisk_id", ""),
            "OS-EXT-SRV-ATTR:launch_index": server.launch_index,
            "OS-EXT-SRV-ATTR:reservation_id": server.reservation_id,
            "OS-EXT-SRV-ATTR:root_device_name": server.root_device_name,
            "OS-EXT-SRV-ATTR:user_data": server.user_data,
        }
    return document


def _later(sight: Sight, server: Server) -> dict[str, Any]:
    """Return the members that came with later versions, and for every caller."""
    since = sight.request.since
    document: dict[str, Any] = {}
    if since(v.LOCKED):
        document["locked"] = server.locked_by is not None
    if since(v.SERVER_DESCRIPTION):
        document["description"] = server.description
    if since(v.SERVER_TAGS):
        document["tags"] = server.tags
    if since(v.TRUSTED_CERTIFICATES):
        document["trusted_image_certificates"] = server.trusted_certificates
    if since(v.LOCK_REASON):
        document["locked_reason"] = server.locked_reason
    if since(v.SCHEDULER_HINTS):
        document["scheduler_hints"] = {
            name: hint if isinstance(hint, list) else [hint] for name, hint in server.hints.items()
        }
    return document


def _pinned(sight: Sight, server: Server) -> dict[str, Any]:
    return {"pinned_availability_zone": server.availability_zone} if sight.request.since(v.PINNED_ZONE) else {}


def _groups(sight: Sight, server: Server) -> dict[str, Any]:
    if not sight.request.since(v.SERVER_GROUPS_SHOWN):
        return {}
    return {"server_groups": [] if server.group_id is None else [server.group_id]}


# --- members --------------------------------------------------------------------------------------


def _image(request: Request, server: Server) -> dict[str, Any] | str:
    image = server.image
    if image is None:
        return ""
    document: dict[str, Any] = {"id": image.id, "links": [bookmark(request, f"images/{image.id}")]}
    if request.since(v.IMAGE_PROPERTIES):
        document["properties"] = image_property.known(image.properties)
    return document


def _flavor(sight: Sight, server: Server) -> dict[str, Any]:
    flavor = server.flavor
    if not sight.request.since(v.EMBEDDED_FLAVOR):
        return {"id": flavor.id, "links": [bookmark(sight.request, f"flavors/{flavor.id}")]}
    document: dict[str, Any] = {
        "original_name": flavor.name,
        "vcpus": flavor.vcpus,
        "ram": flavor.memory_mb,
        "disk": flavor.root_gb,
        "ephemeral": flavor.ephemeral_gb,
        "swap": flavor.swap_mb,
    }
    if sight.sees_extra_specs:
        document["extra_specs"] = flavor.extra_specs
    return document


def _zone(server: Server, zones: Mapping[str, str]) -> str:
    if server.host is None:
        return server.availability_zone or ""
    return zones.get(server.host, DEFAULT_ZONE)


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="microseconds")


def _fault(sight: Sight, server: Server) -> dict[str, Any]:
    fault = server.fault
    assert fault is not None
    document: dict[str, Any] = {"code": fault.code, "created": isoformat(fault.created_at), "message": fault.message}
    if fault.details and (fault.code != 500 or sight.sees_fault_details):
        document["details"] = fault.details
    return document
