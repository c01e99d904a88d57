"""Availability zones."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from pileus.compute.backend import Backend
from pileus.compute.db import host as rows
from pileus.compute.model.host import DEFAULT_ZONE, Host
from pileus.kit.http.message import Reply, Request


def list_brief(_request: Request, backend: Backend) -> Reply:
    """GET /os-availability-zone."""
    return Reply.json({"availabilityZoneInfo": [_zone(name, None) for name in sorted(_hosts_by_zone(backend))]})


def list_full(_request: Request, backend: Backend) -> Reply:
    """GET /os-availability-zone/detail."""
    now, down_after_s = backend.clock.now(), backend.settings.service_down_time_s
    zones = []
    for name, hosts in sorted(_hosts_by_zone(backend).items()):
        services = {
            host.host: {
                host.service.binary: {
                    "available": host.service.is_up(now, down_after_s),
                    "active": not host.service.is_disabled,
                    "updated_at": None if host.service.last_seen_at is None else host.service.last_seen_at.isoformat(),
                }
            }
            for host in hosts
        }
        zones.append(_zone(name, services))
    return Reply.json({"availabilityZoneInfo": zones})


def _hosts_by_zone(backend: Backend) -> dict[str, list[Host]]:
    """The zones that have a host that is not disabled; a cloud without one shows the default zone."""
    found: defaultdict[str, list[Host]] = defaultdict(list)
    with backend.database.read() as tx:
        for host in rows.list_all(tx):
            if not host.service.is_disabled:
                found[host.zone].append(host)
    return found or {DEFAULT_ZONE: []}


def _zone(name: str, hosts: Any) -> dict[str, Any]:
    return {"zoneName": name, "zoneState": {"available": True}, "hosts": hosts}
