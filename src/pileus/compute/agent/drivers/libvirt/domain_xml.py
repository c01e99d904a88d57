"""What libvirt shall make of a guest: GuestSpec → domain XML. Pure."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pileus.compute.agent.drivers.libvirt.cpu_xml import add_processors
from pileus.compute.agent.drivers.libvirt.device_xml import add_devices
from pileus.compute.agent.drivers.libvirt.drive import Drive, names_of

if TYPE_CHECKING:
    from pathlib import Path

    from pileus.compute.agent.drivers.driver import Kernel
    from pileus.compute.messages import GuestSpec

NAMESPACE = "https://pileus.invalid/xmlns/1"
MACHINE = "pc"  # boots fastest where the processor is emulated


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose rights QEMU runs with."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Platform:
    """What runs guests here."""

    emulator: str
    owner: Owner
    kvm: bool  # whether hardware runs them
    shared_cpus: tuple[int, ...] = ()  # where those run that have no CPUs for themselves; empty: anywhere


@dataclass(frozen=True, slots=True)
class Parts:
    """The files of one guest."""

    drives: tuple[Drive, ...]  # the first one boots
    console: Path
    kernel: Kernel | None = None
    uefi_code: Path | None = None
    nvram: Path | None = None  # the guest's own, where it has UEFI


def domain_name(cloud_id: str, server_id: str) -> str:
    """Return the domain's name: clouds share one libvirt, so each has its own prefix."""
    return f"{domain_prefix(cloud_id)}{server_id}"


def domain_prefix(cloud_id: str) -> str:
    """Return what the names of all domains of a cloud begin with."""
    return f"pileus-{cloud_id[:8]}-"


def machine_of(guest: GuestSpec) -> str:
    """Return the machine type that a guest gets."""
    return guest.hardware.machine or MACHINE


def domain_xml(guest: GuestSpec, cloud_id: str, parts: Parts, platform: Platform) -> str:
    """Return the domain of `guest`."""
    root = ET.Element("domain", type="kvm" if platform.kvm else "qemu")
    _text(root, "name", domain_name(cloud_id, guest.server_id))
    _text(root, "uuid", guest.server_id)
    _metadata(root, guest, cloud_id)
    _identity(root, guest)
    _boot(root, guest, parts, kvm=platform.kvm)
    add_processors(root, guest, platform.shared_cpus, kvm=platform.kvm)
    ET.SubElement(root, "clock", offset="utc")
    _text(root, "on_poweroff", "destroy")
    _text(root, "on_reboot", "restart")
    _text(root, "on_crash", "destroy")
    devices = ET.SubElement(root, "devices")
    _text(devices, "emulator", platform.emulator)
    add_devices(devices, guest, parts.drives, parts.console)
    _rights(root, platform.owner)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode")


def owner_ids(metadata: str) -> tuple[str | None, str | None]:
    """Return the cloud's and the server's id from a domain's own metadata element."""
    element = ET.fromstring(metadata)  # noqa: S314 - libvirt wrote it
    return element.get("cloud"), element.get("server")


def _metadata(root: ET.Element, guest: GuestSpec, cloud_id: str) -> None:
    """Mark the domain as ours; by this, and never by name alone, do we know our guests."""
    ET.register_namespace("pileus", NAMESPACE)
    mark = ET.SubElement(
        ET.SubElement(root, "metadata"), f"{{{NAMESPACE}}}guest", cloud=cloud_id, server=guest.server_id
    )
    _text(mark, f"{{{NAMESPACE}}}name", guest.name)
    _text(mark, f"{{{NAMESPACE}}}project", guest.project_id)
    _text(mark, f"{{{NAMESPACE}}}flavor", guest.flavor_name)


def _identity(root: ET.Element, guest: GuestSpec) -> None:
    """Say what machine it is; guests' first-boot programs look for this product name."""
    system = ET.SubElement(ET.SubElement(root, "sysinfo", type="smbios"), "system")
    _text(system, "entry", "Pileus", name="manufacturer")
    _text(system, "entry", "OpenStack Nova", name="product")
    _text(system, "entry", guest.server_id, name="serial")
    _text(system, "entry", guest.server_id, name="uuid")
    _text(system, "entry", "Virtual Machine", name="family")


def _boot(root: ET.Element, guest: GuestSpec, parts: Parts, *, kvm: bool) -> None:
    system = ET.SubElement(root, "os")
    _text(system, "type", "hvm", arch="x86_64", machine=machine_of(guest))
    if parts.uefi_code:
        _text(system, "loader", str(parts.uefi_code), readonly="yes", type="pflash")
        _text(system, "nvram", str(parts.nvram))
    if parts.kernel:
        _text(system, "kernel", str(parts.kernel.path))
        if parts.kernel.ramdisk:
            _text(system, "initrd", str(parts.kernel.ramdisk))
        _text(system, "cmdline", guest.hardware.kernel_arguments or _kernel_arguments(parts.drives, kvm=kvm))
    if guest.hardware.has_boot_menu:
        ET.SubElement(system, "bootmenu", enable="yes")
    ET.SubElement(system, "smbios", mode="sysinfo")


def _kernel_arguments(drives: tuple[Drive, ...], *, kvm: bool) -> str:
    arguments = f"root=/dev/{names_of(drives)[0]} console=tty0 console=ttyS0"
    return arguments if kvm else f"{arguments} no_timer_check"  # an emulated clock fails that check on a busy host


def _rights(root: ET.Element, owner: Owner) -> None:
    """Let QEMU run as the owner of the files, so that nobody need change whose they are."""
    label = ET.SubElement(root, "seclabel", type="static", model="dac", relabel="no")
    _text(label, "label", f"+{owner.uid}:+{owner.gid}")


def _text(parent: ET.Element, tag: str, text: str, **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, tag, attributes)
    element.text = text
    return element
