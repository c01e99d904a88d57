"""What hypervisors have, asked of themselves: server id → the host where its guest is, or what was set aside of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pileus.compute.agent.drivers.fake_guest import load
from pileus.compute.agent.drivers.libvirt.files import list_aside
from pileus.kit.state import StateDirectory

Where = Callable[[], dict[str, str]]


@dataclass(frozen=True)
class Hypervisor:
    """How to ask it, or several of them."""

    guests: Where
    aside: Where


def fake(state: Path) -> Hypervisor:
    """Return how to ask the pretended ones of a cloud."""

    def ask(which: int) -> dict[str, str]:
        return {server_id: host for host, path in _directories(state).items() for server_id in load(path)[which]}

    return Hypervisor(lambda: ask(0), lambda: ask(1))


def libvirt(state: Path) -> Hypervisor:
    """Return how to ask libvirt."""
    ask = libvirt_guests(state)

    def host() -> str:
        return StateDirectory(state).host_name()

    return Hypervisor(
        lambda: dict.fromkeys(ask(), host()), lambda: dict.fromkeys(list_aside(state / "instances"), host())
    )


def libvirt_guests(state: Path) -> Callable[[], dict[str, bool]]:
    """Return how to ask libvirt for a cloud's guests, and which of them run."""
    import libvirt

    file = state / "cloud-id"

    def ask() -> dict[str, bool]:
        if not file.exists():  # the agent has never started, so there are no guests
            return {}
        cloud_id = file.read_text().strip()
        connection = libvirt.open("qemu:///system")
        try:
            found = {}
            for domain in connection.listAllDomains():
                if cloud_id in domain.XMLDesc():
                    found[domain.UUIDString()] = bool(domain.isActive())
            return found
        finally:
            connection.close()

    return ask


def _directories(state: Path) -> dict[str, Path]:
    """Return the pretended hosts of a cloud, and where each keeps its guests."""
    first = StateDirectory(state).host_name()
    others = {f"{first}-{path.name}": path / "instances" for path in (state / "hosts").glob("*")}
    return {first: state / "instances", **others}
