"""Hosts as administrators see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from pileus.compute.api import versions as v
from pileus.compute.model.host import COMPUTE_BINARY, DEFAULT_ZONE, INTERNAL_ZONE, Host, Service
from pileus.compute.model.server import Server, instance_name_of
from pileus.compute.settings import Settings
from pileus.kit.http.message import Request

FIGURES = (
    "vcpus", "vcpus_used", "memory_mb", "memory_mb_used", "free_ram_mb", "local_gb", "local_gb_used", "free_disk_gb",
    "disk_available_least", "running_vms", "current_workload",
)  # fmt: skip
_TIME = "%Y-%m-%dT%H:%M:%S.%f"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostView:
    """Renders hosts as of one moment, in the request's version."""

    request: Request
    now: datetime
    settings: Settings

    def is_up(self, service: Service) -> bool:
        """Whether a service lives."""
        return service.is_up(self.now, self.settings.service_down_time_s)

    def brief(self, host: Host, servers: Sequence[Server] | None = None) -> dict[str, Any]:
        """Return a row of a short list; `servers`: those on the host, if they were asked for."""
        document: dict[str, Any] = {
            "id": host.uuid if self.request.since(v.HYPERVISOR_UUIDS) else host.number,
            "hypervisor_hostname": host.hostname,
            "state": "up" if self.is_up(host.service) else "down",
            "status": "disabled" if host.service.is_disabled else "enabled",
        }
        if servers or (servers is not None and self.request.since(v.HYPERVISOR_SERVERS_ALWAYS)):
            document["servers"] = [{"uuid": server.id, "name": instance_name_of(server)} for server in servers]
        return document

    def full(self, host: Host, servers: Sequence[Server] | None = None) -> dict[str, Any]:
        """Return everything about a host."""
        service = host.service
        document = {
            **self.brief(host, servers),
            "hypervisor_type": host.hypervisor_type,
            "hypervisor_version": host.hypervisor_version,
            "host_ip": host.address or None,
            "service": {
                "id": service.uuid if self.request.since(v.HYPERVISOR_UUIDS) else service.number,
                "host": service.host,
                "disabled_reason": service.disabled_reason,
            },
        }
        if self.request.since(v.HYPERVISOR_FACTS_GONE):
            return {**document, "uptime": host.uptime if self.is_up(service) else None}
        is_object = self.request.since(v.CPU_INFO_OBJECT)
        cpu_info = dict(host.cpu_info) if is_object else msgspec.json.encode(host.cpu_info).decode()
        return {**document, **self.figures(host), "cpu_info": cpu_info}

    def figures(self, host: Host) -> dict[str, int]:
        """Return what a host has and what is used of it."""
        memory_mb_used = host.use.memory_mb + self.settings.reserved_host_memory_mb
        return {
            "vcpus": host.vcpus,
            "vcpus_used": host.use.vcpus,
            "memory_mb": host.memory_mb,
            "memory_mb_used": memory_mb_used,
            "free_ram_mb": host.memory_mb - memory_mb_used,
            "local_gb": host.local_gb,
            "local_gb_used": host.use.disk_gb,
            "free_disk_gb": host.local_gb - host.use.disk_gb,
            "disk_available_least": host.disk_available_gb,
            "running_vms": host.use.servers,
            "current_workload": host.use.tasks,
        }

    def service(self, service: Service, zone: str | None) -> dict[str, Any]:
        """Return a row of the list of services."""
        seen_at = service.last_seen_at
        own_zone = DEFAULT_ZONE if service.binary == COMPUTE_BINARY else INTERNAL_ZONE
        document = {
            "id": service.uuid if self.request.since(v.SERVICE_UUIDS) else service.number,
            "binary": service.binary,
            "host": service.host,
            "zone": zone or own_zone,
            "status": "disabled" if service.is_disabled else "enabled",
            "state": "up" if self.is_up(service) else "down",
            "updated_at": None if seen_at is None else seen_at.strftime(_TIME),
            "disabled_reason": service.disabled_reason,
        }
        if self.request.since(v.SERVICE_FORCED_DOWN):
            document["forced_down"] = service.is_forced_down
        return document
