"""Guests in memory, and the file that they may be kept in."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from pileus.compute.agent.drivers.empty_qcow2 import empty_qcow2
from pileus.compute.agent.mac import mac_address
from pileus.compute.messages import DiskUse, GuestDiagnostics
from pileus.compute.model.power import PowerState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pileus.compute.messages import GuestSpec

_FILE = "fake-guests.json"
_ASIDE = "aside "  # before the ids, in the file, of guests that are set aside


@dataclass(slots=True)
class FakeGuest:
    """One guest: what it was built from, and what became of it."""

    hostname: str
    name: str
    power_state: int = PowerState.SHUTDOWN
    console: str = ""
    boots: int = 0
    flavor_name: str = ""
    is_rescued: bool = False
    own_cpus: tuple[int, ...] = ()  # the host's
    disks: dict[int, str] = field(default_factory=dict)  # what is on each ephemeral disk

    def boot(self) -> None:
        """Power on, and say so on the console."""
        self.boots += 1
        self.power_state = PowerState.RUNNING
        self.console += f"[    0.000000] Fake boot {self.boots} of {self.name}\n\n{self.hostname} login: \n"


def new_guest(guest: GuestSpec, power_state: PowerState = PowerState.SHUTDOWN) -> FakeGuest:
    """Return a guest as it is built."""
    cells = () if guest.topology is None else guest.topology.cells
    return FakeGuest(
        hostname=guest.hostname, name=guest.name, power_state=power_state, flavor_name=guest.flavor_name,
        own_cpus=tuple(sorted(cpu for cell in cells for cpu in cell.own_cpus)),
        disks=dict.fromkeys(range(sum(not disk.is_swap for disk in guest.disks)), ""),
    )  # fmt: skip


def write_content(path: Path, content: str) -> None:
    """Write what is on a disk into a file that is a small qcow2 to everybody else."""
    path.write_bytes(empty_qcow2() + content.encode())


def content_of(path: Path) -> str:
    """Return what is on the disk that such a file is."""
    return path.read_bytes().removeprefix(empty_qcow2()).decode()


def pretended_diagnostics(server_id: str) -> GuestDiagnostics:
    """Return how every such guest is."""
    disk = DiskUse(
        device="vda", read_bytes=262144, read_requests=112, write_bytes=5778432, write_requests=488, errors=0
    )  # fmt: skip
    return GuestDiagnostics(
        driver="libvirt", hypervisor="kvm", uptime_s=60, cpu_times_ns=(10**9,), memory_maximum_mb=512,
        memory_used_mb=0, disks=(disk,), nics=(mac_address(server_id),),
    )  # fmt: skip


def load(directory: Path) -> tuple[dict[str, FakeGuest], dict[str, FakeGuest]]:
    """Return the guests that were kept: those in use, and those set aside."""
    file = directory / _FILE
    guests: dict[str, FakeGuest] = {}
    aside: dict[str, FakeGuest] = {}
    found = msgspec.json.decode(file.read_bytes(), type=dict[str, FakeGuest]) if file.exists() else {}
    for key, guest in found.items():
        kept = aside if key.startswith(_ASIDE) else guests
        kept[key.removeprefix(_ASIDE)] = guest
    return guests, aside


def save(directory: Path, guests: Mapping[str, FakeGuest], aside: Mapping[str, FakeGuest]) -> None:
    """Keep the guests; a crash leaves the file as it was before or as it is after."""
    file = directory / _FILE
    part = file.with_suffix(".part")
    kept = {**guests, **{_ASIDE + server_id: guest for server_id, guest in aside.items()}}
    with part.open("wb") as opened:
        opened.write(msgspec.json.encode(kept))
        opened.flush()
        os.fsync(opened.fileno())
    part.rename(file)
