"""Making guests: their files, and the definition that puts them together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pileus.compute.agent.drivers.driver import NO_DISKS, HypervisorFailed
from pileus.compute.agent.drivers.libvirt import console, disk, host
from pileus.compute.agent.drivers.libvirt.domain_xml import Parts, Platform, domain_xml, machine_of
from pileus.compute.agent.drivers.libvirt.drive import Base, Drive
from pileus.compute.agent.drivers.libvirt.firmware import find_uefi
from pileus.compute.agent.drivers.libvirt.probe import probe
from pileus.compute.model.topology import numbers_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pileus.compute.agent.drivers.driver import Kernel
    from pileus.compute.agent.drivers.libvirt.cells import CpuSets
    from pileus.compute.agent.drivers.libvirt.connection import Connection
    from pileus.compute.agent.drivers.libvirt.files import Files
    from pileus.compute.messages import GuestSpec, Hardware


_ONLY_CDS_READ_ONLY = ("ide", "sata")  # buses that have no disk which cannot be written


class Builder:
    """Makes the guests of one cloud on one host."""

    def __init__(self, connection: Connection, cloud_id: str, verdict: Path, cpu_sets: CpuSets) -> None:
        self._connection = connection
        self._cloud_id = cloud_id
        self._verdict = verdict  # whether there is KVM, as the probe found it
        self._cpu_sets = cpu_sets
        self._machine: host.Machine | None = None

    def machine(self) -> host.Machine:
        """Return what this host can do. Raises HostFailed, libvirtError."""
        if self._machine is None:
            self._machine = host.read_machine(self._connection.get(), kvm=self._has_kvm())
        return self._machine

    def make_root(self, guest: GuestSpec, files: Files, base: Base) -> None:
        """Make a root disk that stands on an image. Raises HypervisorFailed."""
        disk.create_overlay(base.path, base.format, files.root, _root_gb(guest))

    def copy_root(self, guest: GuestSpec, files: Files) -> None:
        """Make the root disk and all else that a guest of another size takes over. Raises HypervisorFailed."""
        disk.copy(files.aside / files.root.name, files.root)
        disk.resize(files.root, _root_gb(guest))
        files.copy_from_aside()

    def build(
        self,
        guest: GuestSpec,
        files: Files,
        base: Base,
        config_drive: Path | None,
        *,
        kernel: Kernel | None = None,
        disks: Mapping[int, Path] = NO_DISKS,
    ) -> str:
        """Make what lacks beside the root disk, and return the guest's definition. Raises HypervisorFailed."""
        if config_drive:
            files.copy_config_drive(config_drive)
        if kernel:
            files.copy_kernel(kernel)
        files.make_extra_disks(guest, disks)
        console.create_log(files.console)
        bus = _root_bus(guest.hardware)
        root = Drive(files.root, "qcow2", base, device=guest.hardware.root_device, bus=bus)
        drives = (root, *_other_drives(guest, files))
        return self._definition(guest, files, drives, files.find_kernel())

    def build_rescue(self, guest: GuestSpec, files: Files, base: Base, own: Drive, kernel: Kernel | None) -> str:
        """Make the root disk of a rescue, and return the definition of the guest that boots from it.

        Its `own` root disk is the second one. Raises HypervisorFailed.
        """
        files.rescue_root.unlink(missing_ok=True)
        disk.create_overlay(base.path, base.format, files.rescue_root, _root_gb(guest))
        files.copy_kernel(kernel, is_rescue=True)
        bus = _root_bus(guest.hardware)
        root = Drive(files.rescue_root, "qcow2", base, device=guest.hardware.root_device, bus=bus)
        drives = (root, own, *_other_drives(guest, files))
        return self._definition(guest, files, drives, files.find_kernel(is_rescue=True))

    def require_buildable(self, guest: GuestSpec) -> None:
        """Raise HypervisorFailed unless this host has the machine that the guest shall see."""
        name = machine_of(guest)
        if name not in self.machine().machines:
            raise HypervisorFailed(f"The hypervisor of this host has no machine type {name}.")
        if _is_q35(guest.hardware) and "ide" in (guest.hardware.disk_bus, guest.hardware.cdrom_bus):
            raise HypervisorFailed(f"Machine type {name} has no IDE bus.")

    def _definition(self, guest: GuestSpec, files: Files, drives: tuple[Drive, ...], kernel: Kernel | None) -> str:
        code = self._prepare_uefi(guest, files) if guest.hardware.firmware == "uefi" else None
        parts = Parts(drives, files.console, kernel=kernel, uefi_code=code, nvram=files.nvram if code else None)
        shared = tuple(sorted(numbers_in(self._cpu_sets.shared)))
        platform = Platform(self.machine().emulator, host.guest_owner(), kvm=self._has_kvm(), shared_cpus=shared)
        return domain_xml(guest, self._cloud_id, parts, platform)

    def _prepare_uefi(self, guest: GuestSpec, files: Files) -> Path:
        """Give the guest variables of its own, unless it has some; return the firmware's code."""
        name = machine_of(guest)
        uefi = find_uefi(self.machine().machines[name])
        if uefi is None:
            raise HypervisorFailed(
                f"The image asks for UEFI, and this host has no such firmware for machine type {name}: "
                "its administrator may install the package ovmf (or edk2-ovmf)."
            )
        if not files.nvram.exists():
            disk.copy(uefi.variables, files.nvram)
            files.nvram.chmod(0o600)
        return uefi.code

    def _has_kvm(self) -> bool:
        return probe(self._verdict).kvm


def _other_drives(guest: GuestSpec, files: Files) -> Iterator[Drive]:
    """Yield the drives behind the root disk, of which the config drive is the last."""
    hardware = guest.hardware
    for path in files.extra_disks:
        yield Drive(path, bus=hardware.disk_bus)
    if files.config_drive.exists():
        bus = hardware.cdrom_bus or hardware.disk_bus
        is_cd = bool(hardware.cdrom_bus) or bus in _ONLY_CDS_READ_ONLY  # else a disk: a guest may not know CDs
        yield Drive(files.config_drive, device="cdrom" if is_cd else "disk", bus=bus, is_read_only=True)


def _root_bus(hardware: Hardware) -> str:
    if hardware.root_device == "disk":
        return hardware.disk_bus
    return hardware.cdrom_bus or ("sata" if _is_q35(hardware) else "ide")


def _root_gb(guest: GuestSpec) -> int:
    """Return how large the root disk shall be; a CD is as large as it is."""
    return guest.root_gb if guest.hardware.root_device == "disk" else 0


def _is_q35(hardware: Hardware) -> bool:
    return "q35" in hardware.machine
