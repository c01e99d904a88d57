"""Availability zones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from pileus.compute.backend import Backend
from pileus.compute.db import host as rows
from pileus.compute.model.host import DEFAULT_ZONE, Host
from pileus.kit.http.message import Reply, Request


def list_brief(_request: Request, backend: Backend) -> Reply:
    """GET /os-availability-zone."""
    used, idle = _zones(backend)
    zones = [*(_zone(name) for name in used), *(_zone(name, is_available=False) for name in idle)]
    return Reply.json({"availabilityZoneInfo": zones})


def list_full(_request: Request, backend: Backend) -> Reply:
    """GET /os-availability-zone/detail."""
    used, idle = _zones(backend)
    zones = [_zone(name, {host.host: _services(host, backend) for host in hosts}) for name, hosts in used.items()]
    return Reply.json({"availabilityZoneInfo": [*zones, *(_zone(name, is_available=False) for name in idle)]})


def _zones(backend: Backend) -> tuple[Mapping[str, Sequence[Host]], Sequence[str]]:
    """Return the zones that have an enabled host, with those, and the other zones.

    A cloud without any host shows the default zone.
    """
    with backend.database.read() as tx:
        hosts = rows.list_all(tx)
    used: defaultdict[str, list[Host]] = defaultdict(list)
    for host in hosts:
        if not host.service.is_disabled:
            used[host.zone].append(host)
    idle = sorted({host.zone for host in hosts} - used.keys())
    if not hosts:
        used[DEFAULT_ZONE] = []
    return dict(sorted(used.items())), idle


def _services(host: Host, backend: Backend) -> dict[str, Any]:
    service = host.service
    return {
        service.binary: {
            "available": service.is_up(backend.clock.now(), backend.settings.service_down_time_s),
            "active": not service.is_disabled,
            "updated_at": None if service.last_seen_at is None else service.last_seen_at.isoformat(),
        }
    }


def _zone(name: str, hosts: Any = None, *, is_available: bool = True) -> dict[str, Any]:
    return {"zoneName": name, "zoneState": {"available": is_available}, "hosts": hosts}
