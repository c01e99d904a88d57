"""Guests in memory, and the file that they may be kept in."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

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

    def boot(self) -> None:
        """Power on, and say so on the console."""
        self.boots += 1
        self.power_state = PowerState.RUNNING
        self.console += f"[    0.000000] Fake boot {self.boots} of {self.name}\n\n{self.hostname} login: \n"


def new_guest(guest: GuestSpec, power_state: PowerState = PowerState.SHUTDOWN) -> FakeGuest:
    """Return a guest as it is built."""
    return FakeGuest(
        hostname=guest.hostname, name=guest.name, power_state=power_state, flavor_name=guest.flavor_name
    )  # fmt: skip


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
    for key, guest in json.loads(file.read_text()).items() if file.exists() else ():
        kept = aside if key.startswith(_ASIDE) else guests
        kept[key.removeprefix(_ASIDE)] = FakeGuest(**guest)
    return guests, aside


def save(directory: Path, guests: Mapping[str, FakeGuest], aside: Mapping[str, FakeGuest]) -> None:
    """Keep the guests; a crash leaves the file as it was before or as it is after."""
    file = directory / _FILE
    part = file.with_suffix(".part")
    kept = {**guests, **{_ASIDE + server_id: guest for server_id, guest in aside.items()}}
    with part.open("w") as opened:
        json.dump({key: asdict(guest) for key, guest in kept.items()}, opened)
        opened.flush()
        os.fsync(opened.fileno())
    part.rename(file)
