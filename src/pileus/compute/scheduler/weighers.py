"""Weighers: `(Ask, HostView) → how much of something this host has`. A multiplier says how good that is."""

from __future__ import annotations

from pileus.compute.model.server_group import SOFT_AFFINITY, SOFT_ANTI_AFFINITY
from pileus.compute.scheduler.ask import Ask, HostView


def ram(_ask: Ask, host: HostView) -> float:
    """The free memory."""
    return float(host.free.get("MEMORY_MB", 0))


def cpu(_ask: Ask, host: HostView) -> float:
    """The free CPUs."""
    return float(host.free.get("VCPU", 0))


def disk(_ask: Ask, host: HostView) -> float:
    """The free disk."""
    return float(host.free.get("DISK_GB", 0))


def io_ops(_ask: Ask, host: HostView) -> float:
    """The servers that it is at work on."""
    return float(host.io_ops)


def num_instances(_ask: Ask, host: HostView) -> float:
    """The servers that are there."""
    return float(host.servers)


def hypervisor_version(_ask: Ask, host: HostView) -> float:
    """How new the hypervisor is."""
    return float(host.hypervisor_version)


def build_failures(_ask: Ask, host: HostView) -> float:
    """How few servers could not be built there, since the last that could."""
    return -float(host.failed_builds)


def image_cache(_ask: Ask, host: HostView) -> float:
    """Whether the image is there already, as it is where a server was made of it."""
    return float(host.image_servers > 0)


def server_group_soft_affinity(ask: Ask, host: HostView) -> float:
    """How many of the group are there, if the group wishes to be together."""
    group = ask.group
    return 0.0 if group is None or group.policy != SOFT_AFFINITY else float(group.members.get(host.host, 0))


def server_group_soft_anti_affinity(ask: Ask, host: HostView) -> float:
    """How few of the group are there, if the group wishes to be apart."""
    group = ask.group
    return 0.0 if group is None or group.policy != SOFT_ANTI_AFFINITY else -float(group.members.get(host.host, 0))
