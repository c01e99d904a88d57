"""Hosts: the machines that run guests, each with one compute service and one hypervisor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pileus.compute.model.topology import Topology

COMPUTE_BINARY = "nova-compute"
DEFAULT_ZONE = "nova"  # of a host that no aggregate puts elsewhere
INTERNAL_ZONE = "internal"  # of services that run no guests

UP, UNKNOWN, MAINTENANCE, DOWN = "UP", "UNKNOWN", "MAINTENANCE", "DOWN"
"""How a host is, as its servers show it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A part of the cloud that runs on one host."""

    number: int
    uuid: str
    host: str
    binary: str
    is_disabled: bool
    disabled_reason: str | None
    is_forced_down: bool
    last_seen_at: datetime | None
    created_at: datetime
    updated_at: datetime | None

    def is_up(self, now: datetime, down_after_s: float) -> bool:
        """Whether it was heard of lately."""
        if self.is_forced_down or self.last_seen_at is None:
            return False
        return now - self.last_seen_at <= timedelta(seconds=down_after_s)

    def status(self, now: datetime, down_after_s: float) -> str:
        """What the owner of a server on this host hears of it."""
        if self.is_forced_down:
            return DOWN
        if self.is_disabled:
            return MAINTENANCE
        return UP if self.is_up(now, down_after_s) else UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What the servers of a host take from it."""

    vcpus: int = 0
    memory_mb: int = 0
    disk_gb: int = 0
    servers: int = 0
    tasks: int = 0  # servers to which something is being done
    busy_servers: int = 0  # those of them that keep its disks busy: that are being built, moved, rebuilt or copied


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A compute host: its service, its hypervisor, and what is used of it."""

    number: int  # the hypervisor's, which older versions of the API show
    uuid: str  # the hypervisor's: the resource provider in placement
    service: Service
    hostname: str  # what the hypervisor calls itself; `node` in a server's row
    vcpus: int
    memory_mb: int
    local_gb: int
    disk_available_gb: int
    hypervisor_type: str
    hypervisor_version: int
    cpu_info: Mapping[str, Any] = field(default_factory=dict)
    traits: tuple[str, ...] = ()
    address: str = ""  # in numbers
    topology: Topology = field(default_factory=Topology)
    uptime: str = ""
    failed_builds: int = 0  # since the last that went well
    zone: str = DEFAULT_ZONE
    use: Use = Use()

    @property
    def host(self) -> str:
        """The host's name: the address of its agent, and what a server's row says."""
        return self.service.host
