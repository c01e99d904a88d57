"""The devices of a guest, as libvirt writes them down. Pure."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from pileus.compute.agent.drivers.libvirt.drive import Drive, add_drives
from pileus.compute.agent.mac import mac_address

if TYPE_CHECKING:
    from pathlib import Path

    from pileus.compute.messages import GuestSpec, Hardware

GUEST_AGENT = "org.qemu.guest_agent.0"
_NO_WATCHDOG = "disabled"


def add_devices(devices: ET.Element, guest: GuestSpec, drives: tuple[Drive, ...], console: Path) -> None:
    """Give the guest its drives, a card, a serial console, and what its hardware names beside."""
    hardware = guest.hardware
    add_drives(devices, drives, hardware.quota)
    _controllers(devices, hardware, {drive.bus for drive in drives})
    card = ET.SubElement(devices, "interface", type="user")
    ET.SubElement(card, "mac", address=mac_address(guest.server_id))
    ET.SubElement(card, "model", type=hardware.vif_model)
    _console(devices, console)
    if hardware.has_guest_agent:
        channel = ET.SubElement(devices, "channel", type="unix")
        ET.SubElement(channel, "target", type="virtio", name=GUEST_AGENT)
    if hardware.has_rng:
        _rng(devices, hardware)
    if hardware.watchdog_action != _NO_WATCHDOG:
        ET.SubElement(devices, "watchdog", model="i6300esb", action=hardware.watchdog_action)
    ET.SubElement(devices, "memballoon", model="none")


def _controllers(devices: ET.Element, hardware: Hardware, buses: set[str]) -> None:
    if "scsi" in buses:
        ET.SubElement(devices, "controller", type="scsi", index="0", model=hardware.scsi_model)
    ET.SubElement(devices, "controller", type="usb", model="qemu-xhci" if "usb" in buses else "none")


def _console(devices: ET.Element, log: Path) -> None:
    """A terminal that one may attach to, and a log of all it showed: virtlogd writes it, and keeps it small."""
    serial = ET.SubElement(devices, "serial", type="pty")
    ET.SubElement(serial, "log", file=str(log), append="on")
    ET.SubElement(serial, "target", type="isa-serial", port="0")


def _rng(devices: ET.Element, hardware: Hardware) -> None:
    rng = ET.SubElement(devices, "rng", model="virtio")
    if hardware.rng_bytes:
        ET.SubElement(rng, "rate", bytes=str(hardware.rng_bytes), period=str(hardware.rng_period_ms))
    ET.SubElement(rng, "backend", model="random").text = "/dev/urandom"
