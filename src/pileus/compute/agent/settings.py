"""`[agent]`: what an operator may choose for a host."""

from __future__ import annotations

from pileus.kit.settings import Section


class Settings(Section, frozen=True, kw_only=True):
    """`[agent]`."""

    host: str = ""  # empty: the machine's name at the first start
    driver: str = "libvirt"  # or fake
    hosts: int = 1  # fake ones that `pileus up` pretends to have, each with an agent of its own
    libvirt_uri: str = "qemu:///system"
    heartbeat_s: float = 10.0
    base_image_keep_s: float = 86400.0  # without a guest that stands on it; 0: for ever
