"""The machine that a guest gets: what its image's properties and its flavor's extra specs ask for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import product
from typing import Any

from pileus.compute.messages import CpuTopology, Hardware
from pileus.compute.model.flavor import Flavor
from pileus.compute.model.image_property import current
from pileus.compute.model.server import ImageSnapshot
from pileus.kit.workflow import StepFailed

_FIRMWARE = ("bios", "uefi")
_DISK_BUSES = ("ide", "sata", "scsi", "usb", "virtio")
_CDROM_BUSES = ("ide", "sata", "scsi", "usb")
_SCSI_MODELS = ("lsilogic", "lsisas1068", "lsisas1078", "virtio-scsi")
_VIF_MODELS = ("e1000", "e1000e", "ne2k_pci", "pcnet", "rtl8139", "virtio", "vmxnet3")
_WATCHDOG_ACTIONS = ("disabled", "none", "pause", "poweroff", "reset")
_PARTS = ("sockets", "cores", "threads")
_QUOTA = (
    "cpu_shares", "cpu_period", "cpu_quota",
    *(f"disk_{way}_{what}_sec" for way in ("total", "read", "write") for what in ("bytes", "iops")),
)  # fmt: skip
_TRUE = frozenset(("1", "on", "t", "true", "y", "yes"))

Values = Mapping[str, Any]


def hardware_of(image: ImageSnapshot | None, flavor: Flavor) -> Hardware:
    """Return the machine of a guest with this image and this flavor. Raises StepFailed for what no host can do."""
    asked = current(image.properties) if image else {}
    specs = flavor.extra_specs
    watchdog = {"hw_watchdog_action": specs.get("hw:watchdog_action"), **asked}
    return Hardware(
        firmware=_one_of(_FIRMWARE, asked, "hw_firmware_type", "bios"),
        machine=str(asked.get("hw_machine_type") or ""),
        root_device="cdrom" if image and image.disk_format == "iso" else "disk",
        disk_bus=_one_of(_DISK_BUSES, asked, "hw_disk_bus", "virtio"),
        cdrom_bus=_one_of(_CDROM_BUSES, asked, "hw_cdrom_bus", ""),
        scsi_model=_one_of(_SCSI_MODELS, asked, "hw_scsi_model", "virtio-scsi"),
        vif_model=_one_of(_VIF_MODELS, asked, "hw_vif_model", "virtio"),
        cpu_topology=_cpu_topology(asked, flavor),
        watchdog_action=_one_of(_WATCHDOG_ACTIONS, watchdog, "hw_watchdog_action", "disabled"),
        has_rng=_is_true(specs.get("hw_rng:allowed", "true")),
        rng_bytes=_whole(specs, "hw_rng:rate_bytes") or 0,
        rng_period_ms=_whole(specs, "hw_rng:rate_period") or 1000,
        has_guest_agent=_is_true(asked.get("hw_qemu_guest_agent")),
        has_boot_menu=_is_true(specs.get("hw:boot_menu") or asked.get("hw_boot_menu")),
        kernel_arguments=str(asked.get("os_command_line") or ""),
        quota=_quota(specs),
    )


def _quota(specs: Mapping[str, str]) -> dict[str, int]:
    """Return how much of its host a guest may use; 0, and less than 0, is as much as there is."""
    named = [name for name in _QUOTA if not specs.get(f"quota:{name}", "").startswith("-")]
    amounts = {name: _whole(specs, f"quota:{name}") for name in named}
    return {name: amount for name, amount in amounts.items() if amount}


def _cpu_topology(asked: Values, flavor: Flavor) -> CpuTopology | None:
    """Return how the processors are put together, None if nobody cares.

    The flavor's limits hold for the image too, and what the flavor prefers goes before what the image does.
    """
    of_flavor = {part: _whole(flavor.extra_specs, f"hw:cpu_{part}") for part in _PARTS}
    of_image = {part: _whole(asked, f"hw_cpu_{part}") for part in _PARTS}
    most = {part: _most(asked, flavor, part) for part in _PARTS}
    wanted = of_flavor if any(of_flavor.values()) else of_image
    if not any(wanted.values()) and not any(most.values()):
        return None
    ranges = [range(min(most[part] or flavor.vcpus, flavor.vcpus), 0, -1) for part in _PARTS]
    pairs = ((s, c, flavor.vcpus // (s * c)) for s, c in product(*ranges[:2]) if not flavor.vcpus % (s * c))
    possible = [CpuTopology(sockets=s, cores=c, threads=t) for s, c, t in pairs if t in ranges[2]]
    if not possible:
        limits = ":".join(str(most[part] or flavor.vcpus) for part in _PARTS)
        raise StepFailed(f"Requested vCPU limits {limits} are impossible to satisfy for vcpus count {flavor.vcpus}")
    return max(possible, key=lambda one: sum(getattr(one, part) == wanted[part] for part in _PARTS))


def _most(asked: Values, flavor: Flavor, part: str) -> int | None:
    of_flavor = _whole(flavor.extra_specs, f"hw:cpu_max_{part}")
    of_image = _whole(asked, f"hw_cpu_max_{part}")
    if of_flavor and of_image and of_image > of_flavor:
        raise StepFailed(f"The image asks for up to {of_image} CPU {part}, more than the flavor's {of_flavor}.")
    return of_image or of_flavor


def _one_of(known: Collection[str], asked: Values, name: str, usual: str) -> str:
    value = str(asked.get(name) or usual).lower()
    if value not in (*known, usual):
        raise StepFailed(f"The value {value} of {name} is none that hosts know: {', '.join(known)}.")
    return value


def _whole(values: Values, name: str) -> int | None:
    value = values.get(name)
    if value in (None, ""):
        return None
    if not str(value).isdecimal():
        raise StepFailed(f"The value {value} of {name} is no number.")
    return int(value) or None


def _is_true(value: object) -> bool:
    return str(value).strip().lower() in _TRUE
