"""Servers as clients see them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pileus.compute.api.links import bookmark, links
from pileus.compute.model.host import DEFAULT_ZONE
from pileus.compute.model.server import Server, host_id_of, instance_name_of
from pileus.kit.clock import isoformat
from pileus.kit.http.message import Request

EXTENDED_ATTRIBUTES = "os_compute_api:os-extended-server-attributes"
_WITH_PROGRESS = frozenset(("ACTIVE", "BUILD", "REBUILD", "RESIZE", "VERIFY_RESIZE", "MIGRATING"))
_WITH_FAULT = frozenset(("ERROR", "DELETED"))


def brief(request: Request, server: Server) -> dict[str, Any]:
    """Return a row of a short list."""
    return {"id": server.id, "name": server.name, "links": links(request, f"servers/{server.id}")}


def full(request: Request, server: Server, zones: Mapping[str, str]) -> dict[str, Any]:
    """Return everything about a server that its caller may see; `zones`: host → availability zone."""
    document = {
        **brief(request, server),
        "status": server.status,
        "tenant_id": server.project_id,
        "user_id": server.user_id,
        "metadata": dict(server.metadata),
        "hostId": host_id_of(server.project_id, server.host),
        "image": _image(request, server),
        "flavor": {"id": server.flavor.id, "links": [bookmark(request, f"flavors/{server.flavor.id}")]},
        "created": isoformat(server.created_at),
        "updated": isoformat(server.updated_at or server.created_at),
        "addresses": {},
        "accessIPv4": server.access_ip_v4,
        "accessIPv6": server.access_ip_v6,
        "key_name": server.key_name,
        "config_drive": "True" if server.has_config_drive else "",
        "OS-DCF:diskConfig": disk_config(server),
        "OS-EXT-AZ:availability_zone": _zone(server, zones),
        "OS-EXT-STS:task_state": server.task_state,
        "OS-EXT-STS:vm_state": server.vm_state,
        "OS-EXT-STS:power_state": server.power_state,
        "OS-SRV-USG:launched_at": _time(server.launched_at),
        "OS-SRV-USG:terminated_at": _time(server.terminated_at),
        "os-extended-volumes:volumes_attached": [],
    }
    if server.status in _WITH_PROGRESS:
        document["progress"] = 0
    if server.status in _WITH_FAULT and server.fault is not None:
        document["fault"] = _fault(request, server)
    if request.may(EXTENDED_ATTRIBUTES, server.policy_target):
        document |= _extended(server)
    return document


def disk_config(server: Server) -> str:
    """Return the word for who partitions the disk."""
    return "AUTO" if server.is_disk_config_auto else "MANUAL"


def _image(request: Request, server: Server) -> dict[str, Any] | str:
    if server.image is None:
        return ""
    return {"id": server.image.id, "links": [bookmark(request, f"images/{server.image.id}")]}


def _zone(server: Server, zones: Mapping[str, str]) -> str:
    if server.host is None:
        return server.availability_zone or ""
    return zones.get(server.host, DEFAULT_ZONE)


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%S.%f")


def _fault(request: Request, server: Server) -> dict[str, Any]:
    assert server.fault is not None
    fault = server.fault
    document: dict[str, Any] = {"code": fault.code, "created": isoformat(fault.created_at), "message": fault.message}
    if fault.details and (fault.code != 500 or request.may("context_is_admin", server.policy_target)):
        document["details"] = fault.details
    return document


def _extended(server: Server) -> dict[str, Any]:
    return {
        "OS-EXT-SRV-ATTR:host": server.host,
        "OS-EXT-SRV-ATTR:hypervisor_hostname": server.node,
        "OS-EXT-SRV-ATTR:instance_name": instance_name_of(server),
    }
