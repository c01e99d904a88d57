"""The drives of a guest: what they are, what the guest calls them, and how libvirt writes them down."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ROOT_DISK = "disk"
DISK_LIMITS = (*(f"{way}_{what}_sec" for way in ("total", "read", "write") for what in ("bytes", "iops")),)
_PREFIX = {"virtio": "vd", "ide": "hd", "sata": "sd", "scsi": "sd", "usb": "sd"}


@dataclass(frozen=True, slots=True)
class Base:
    """What a disk stands on."""

    path: Path
    format: str


@dataclass(frozen=True, slots=True)
class Drive:
    """One drive."""

    path: Path
    format: str = "raw"
    base: Base | None = None
    device: str = "disk"  # or cdrom
    bus: str = "virtio"
    is_read_only: bool = False


def names_of(drives: Iterable[Drive]) -> list[str]:
    """Return what the guest calls each: vda, vdb; sda on a bus of that kind."""
    counts: dict[str, int] = {}
    names = []
    for drive in drives:
        prefix = _PREFIX[drive.bus]
        index = counts[prefix] = counts.get(prefix, -1) + 1
        names.append(f"{prefix}{chr(ord('a') + index)}")
    return names


def add_drives(devices: ET.Element, drives: Iterable[Drive], quota: Mapping[str, int]) -> None:
    """Write them down; the first one boots. `quota` says how much may be read and written of each in a second."""
    drives = tuple(drives)
    for drive, name in zip(drives, names_of(drives), strict=True):
        element = _add(devices, drive, name)
        if drive is drives[0]:
            ET.SubElement(element, "boot", order="1")
        limits = {tag: quota[f"disk_{tag}"] for tag in DISK_LIMITS if quota.get(f"disk_{tag}")}
        if limits and not drive.is_read_only:
            tune = ET.SubElement(element, "iotune")
            for tag, limit in limits.items():
                ET.SubElement(tune, tag).text = str(limit)


def _add(devices: ET.Element, drive: Drive, name: str) -> ET.Element:
    """Name the whole chain with its formats, so that neither libvirt nor AppArmor's helper guesses one."""
    element = ET.SubElement(devices, "disk", type="file", device=drive.device)
    driver = ET.SubElement(element, "driver", name="qemu", type=drive.format)
    if drive.format == "qcow2" and drive.device == "disk":
        driver.set("discard", "unmap")
    ET.SubElement(element, "source", file=str(drive.path))
    if drive.base:
        backing = ET.SubElement(element, "backingStore", type="file")
        ET.SubElement(backing, "format", type=drive.base.format)
        ET.SubElement(backing, "source", file=str(drive.base.path))
        ET.SubElement(backing, "backingStore")
    ET.SubElement(element, "target", dev=name, bus=drive.bus)
    if drive.is_read_only or drive.device == "cdrom":
        ET.SubElement(element, "readonly")
    return element


def read_root_drive(domain: str) -> Drive:
    """Return the guest's own root disk as a domain has it."""
    element = _find_root(domain)
    source, target = element.find("source"), element.find("target")
    assert source is not None
    assert target is not None
    return Drive(
        Path(source.get("file", "")),
        "qcow2",
        _read_base(element),
        device=element.get("device", "disk"),
        bus=target.get("bus", "virtio"),
    )


def read_root_name(domain: str) -> str:
    """Return what a guest calls its own root disk."""
    target = _find_root(domain).find("target")
    assert target is not None
    return target.get("dev", "")


def _read_base(disk: ET.Element) -> Base | None:
    source, form = disk.find("backingStore/source"), disk.find("backingStore/format")
    if source is None or form is None:
        return None
    return Base(Path(source.get("file", "")), form.get("type", ""))


def _find_root(domain: str) -> ET.Element:
    disks = ET.fromstring(domain).iterfind("devices/disk")  # noqa: S314 - libvirt wrote it
    return next(disk for disk in disks if _file_name(disk) == ROOT_DISK)


def _file_name(disk: ET.Element) -> str | None:
    source = disk.find("source")
    return None if source is None else Path(source.get("file", "")).name
