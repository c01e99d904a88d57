"""`[agent]`: what an operator may choose for a host."""

from __future__ import annotations

import msgspec

from pileus.kit.settings import Section


class Settings(Section, frozen=True, kw_only=True):
    """`[agent]`."""

    host: str = ""  # empty: the machine's name at the first start
    driver: str = "libvirt"  # or fake
    hosts: int = 1  # fake ones that `pileus up` pretends to have, each with an agent of its own
    latency_s: float = 0.0  # how long a fake host takes over each thing that it does
    cpu_shared_set: str = ""  # CPUs that guests share, such as 0-7; empty: all, or none if others are dedicated
    cpu_dedicated_set: str = ""  # CPUs for guests that keep theirs for themselves, such as 8-15
    pci_devices: dict[str, int] = msgspec.field(default_factory=dict)  # of a fake host: "8086:1533" → how many
    libvirt_uri: str = "qemu:///system"
    heartbeat_s: float = 10.0
    compute_monitors: tuple[str, ...] = ()  # what hosts measure of themselves: cpu.virt_driver
    remove_unused_base_images: bool = True
    remove_unused_original_minimum_age_seconds: int = 86400  # for so long no guest has stood on it
