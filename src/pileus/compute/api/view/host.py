"""Hosts as administrators see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from pileus.compute.model.host import COMPUTE_BINARY, DEFAULT_ZONE, INTERNAL_ZONE, Host, Service
from pileus.compute.settings import Settings

SUMMED = (
    "current_workload", "disk_available_least", "free_disk_gb", "free_ram_mb", "local_gb", "local_gb_used", "memory_mb",
    "memory_mb_used", "running_vms", "vcpus", "vcpus_used",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class HostView:
    """Renders hosts as of one moment."""

    now: datetime
    settings: Settings

    def state(self, service: Service) -> str:
        """Return the word for whether a service lives."""
        return "up" if service.is_up(self.now, self.settings.service_down_time_s) else "down"

    def brief(self, host: Host) -> dict[str, Any]:
        """Return a row of a short list."""
        return {
            "id": host.number,
            "hypervisor_hostname": host.hostname,
            "state": self.state(host.service),
            "status": "disabled" if host.service.is_disabled else "enabled",
        }

    def full(self, host: Host) -> dict[str, Any]:
        """Return everything about a host."""
        memory_mb_used = host.use.memory_mb + self.settings.reserved_host_memory_mb
        return {
            **self.brief(host),
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
            "current_workload": 0,
            "hypervisor_type": host.hypervisor_type,
            "hypervisor_version": host.hypervisor_version,
            "host_ip": None,
            "cpu_info": msgspec.json.encode(host.cpu_info).decode(),
            "service": {
                "id": host.service.number,
                "host": host.service.host,
                "disabled_reason": host.service.disabled_reason,
            },
        }

    def service(self, service: Service, zone: str | None) -> dict[str, Any]:
        """Return a row of the list of services."""
        seen_at = service.last_seen_at
        own_zone = DEFAULT_ZONE if service.binary == COMPUTE_BINARY else INTERNAL_ZONE
        return {
            "id": service.number,
            "binary": service.binary,
            "host": service.host,
            "zone": zone or own_zone,
            "status": "disabled" if service.is_disabled else "enabled",
            "state": self.state(service),
            "updated_at": None if seen_at is None else seen_at.strftime("%Y-%m-%dT%H:%M:%S.%f"),
            "disabled_reason": service.disabled_reason,
        }
