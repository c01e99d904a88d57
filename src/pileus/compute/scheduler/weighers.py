"""Weighers: `(Ask, Hosts) → how much of something each host has`. A multiplier says how good that is."""

from __future__ import annotations

import numpy as np

from pileus.compute.model.server_group import SOFT_AFFINITY, SOFT_ANTI_AFFINITY
from pileus.compute.scheduler.ask import Ask
from pileus.compute.scheduler.hosts import Hosts, Numbers

_PCI = "free:CUSTOM_PCI_"


def ram(_ask: Ask, hosts: Hosts) -> Numbers:
    """The free memory."""
    return hosts.number("free:MEMORY_MB")


def cpu(_ask: Ask, hosts: Hosts) -> Numbers:
    """The free CPUs."""
    return hosts.number("free:VCPU")


def disk(_ask: Ask, hosts: Hosts) -> Numbers:
    """The free disk."""
    return hosts.number("free:DISK_GB")


def io_ops(_ask: Ask, hosts: Hosts) -> Numbers:
    """The servers that it is at work on."""
    return hosts.number("io_ops")


def num_instances(_ask: Ask, hosts: Hosts) -> Numbers:
    """The servers that are there."""
    return hosts.number("servers")


def hypervisor_version(_ask: Ask, hosts: Hosts) -> Numbers:
    """How new the hypervisor is."""
    return hosts.number("hypervisor_version")


def pci(_ask: Ask, hosts: Hosts) -> Numbers:
    """How few PCI devices are left, of which a hundred are as many as any: they are kept for those who ask for them."""
    left = sum((hosts.number(name) for name in hosts.numbers if name.startswith(_PCI)), hosts.number("no PCI"))
    return 100 - np.minimum(left, 99)


def build_failures(_ask: Ask, hosts: Hosts) -> Numbers:
    """How few servers could not be built there, since the last that could."""
    return -hosts.number("failed_builds")


def image_cache(_ask: Ask, hosts: Hosts) -> Numbers:
    """Whether the image is there already, as it is where a server was made of it."""
    return (hosts.number("image_servers") > 0).astype(np.int64)


def server_group_soft_affinity(ask: Ask, hosts: Hosts) -> Numbers:
    """How many of the group are there, if the group wishes to be together."""
    group = ask.group
    return hosts.counted({} if group is None or group.policy != SOFT_AFFINITY else group.members)


def server_group_soft_anti_affinity(ask: Ask, hosts: Hosts) -> Numbers:
    """How few of the group are there, if the group wishes to be apart."""
    group = ask.group
    return -hosts.counted({} if group is None or group.policy != SOFT_ANTI_AFFINITY else group.members)
