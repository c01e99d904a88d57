"""What libvirt shall make of a guest: GuestSpec → domain XML. Pure."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pileus.compute.agent.mac import mac_address

if TYPE_CHECKING:
    from pathlib import Path

    from pileus.compute.messages import GuestSpec

NAMESPACE = "https://pileus.invalid/xmlns/1"
MACHINE = "pc"  # boots fastest where the processor is emulated


@dataclass(frozen=True, slots=True)
class Disks:
    """The files of one guest."""

    root: Path  # qcow2
    base: Path  # what `root` stands on
    base_format: str
    config_drive: Path | None
    console: Path
    extra: tuple[Path, ...] = ()  # raw


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose rights QEMU runs with."""

    uid: int
    gid: int


def domain_name(cloud_id: str, server_id: str) -> str:
    """Return the domain's name: clouds share one libvirt, so each has its own prefix."""
    return f"{domain_prefix(cloud_id)}{server_id}"


def domain_prefix(cloud_id: str) -> str:
    """Return what the names of all domains of a cloud begin with."""
    return f"pileus-{cloud_id[:8]}-"


def domain_xml(guest: GuestSpec, cloud_id: str, disks: Disks, owner: Owner, *, kvm: bool, emulator: str) -> str:
    """Return the domain of `guest`; `kvm` says whether hardware runs it."""
    root = ET.Element("domain", type="kvm" if kvm else "qemu")
    _text(root, "name", domain_name(cloud_id, guest.server_id))
    _text(root, "uuid", guest.server_id)
    _metadata(root, guest, cloud_id)
    _text(root, "memory", str(guest.memory_mb), unit="MiB")
    _text(root, "vcpu", str(guest.vcpus))
    _identity(root, guest)
    _processor(root, kvm=kvm)
    ET.SubElement(root, "clock", offset="utc")
    _text(root, "on_poweroff", "destroy")
    _text(root, "on_reboot", "restart")
    _text(root, "on_crash", "destroy")
    _devices(root, guest, disks, emulator)
    _rights(root, owner)
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
    machine = ET.SubElement(root, "os")
    _text(machine, "type", "hvm", arch="x86_64", machine=MACHINE)
    ET.SubElement(machine, "boot", dev="hd")
    ET.SubElement(machine, "smbios", mode="sysinfo")


def _processor(root: ET.Element, *, kvm: bool) -> None:
    features = ET.SubElement(root, "features")
    ET.SubElement(features, "acpi")  # or the guest could not be asked to shut down
    ET.SubElement(features, "apic")
    if kvm:
        ET.SubElement(root, "cpu", mode="host-passthrough", migratable="on")
        return
    # Everything that the emulator can do: distributions want more than the 2003 processor that is its default.
    processor = ET.SubElement(root, "cpu", mode="maximum")
    ET.SubElement(processor, "feature", policy="disable", name="la57")  # a fifth level of page tables to walk


def _devices(root: ET.Element, guest: GuestSpec, disks: Disks, emulator: str) -> None:
    devices = ET.SubElement(root, "devices")
    _text(devices, "emulator", emulator)
    _root_disk(devices, disks)
    for index, path in enumerate(disks.extra, 1):
        _raw_disk(devices, path, index)
    if disks.config_drive:
        drive = _raw_disk(devices, disks.config_drive, len(disks.extra) + 1)
        ET.SubElement(drive, "readonly")
    ET.SubElement(devices, "controller", type="usb", model="none")
    card = ET.SubElement(devices, "interface", type="user")
    ET.SubElement(card, "mac", address=mac_address(guest.server_id))
    ET.SubElement(card, "model", type="virtio")
    _console(devices, disks.console)
    _text(ET.SubElement(devices, "rng", model="virtio"), "backend", "/dev/urandom", model="random")
    ET.SubElement(devices, "memballoon", model="none")


def _root_disk(devices: ET.Element, disks: Disks) -> None:
    """Name the whole chain with its formats, so that neither libvirt nor AppArmor's helper guesses one."""
    disk = ET.SubElement(devices, "disk", type="file", device="disk")
    ET.SubElement(disk, "driver", name="qemu", type="qcow2", discard="unmap")
    ET.SubElement(disk, "source", file=str(disks.root))
    backing = ET.SubElement(disk, "backingStore", type="file")
    ET.SubElement(backing, "format", type=disks.base_format)
    ET.SubElement(backing, "source", file=str(disks.base))
    ET.SubElement(backing, "backingStore")
    ET.SubElement(disk, "target", dev="vda", bus="virtio")


def device_name(index: int) -> str:
    """Return what a guest's disk is called: 0 is the root disk."""
    return f"vd{chr(ord('a') + index)}"


def _raw_disk(devices: ET.Element, path: Path, index: int) -> ET.Element:
    disk = ET.SubElement(devices, "disk", type="file", device="disk")
    ET.SubElement(disk, "driver", name="qemu", type="raw")
    ET.SubElement(disk, "source", file=str(path))
    ET.SubElement(disk, "target", dev=device_name(index), bus="virtio")
    return disk


def _console(devices: ET.Element, log: Path) -> None:
    """A terminal that one may attach to, and a log of all it showed: virtlogd writes it, and keeps it small."""
    serial = ET.SubElement(devices, "serial", type="pty")
    ET.SubElement(serial, "log", file=str(log), append="on")
    ET.SubElement(serial, "target", type="isa-serial", port="0")


def _rights(root: ET.Element, owner: Owner) -> None:
    """Let QEMU run as the owner of the files, so that nobody need change whose they are."""
    label = ET.SubElement(root, "seclabel", type="static", model="dac", relabel="no")
    _text(label, "label", f"+{owner.uid}:+{owner.gid}")


def _text(parent: ET.Element, tag: str, text: str, **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, tag, attributes)
    element.text = text
    return element
