"""The disks that the body of a new server asks for. Only what is made on its host is there: no volume service is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pileus.compute.model.block_device import MIB_PER_GIB, SWAP, BlockDevice
from pileus.compute.model.error.block_device import BlockDeviceInvalid, BootSequenceInvalid
from pileus.kit.errors import Invalid

_NO_VOLUMES = "there is no volume service."


def of_body(asked: Mapping[str, Any]) -> tuple[BlockDevice, ...]:
    """Return the disks beside the root disk. Raises Invalid, BlockDeviceInvalid, BootSequenceInvalid."""
    old, devices = asked.get("block_device_mapping"), asked.get("block_device_mapping_v2", ())
    if old and devices:
        raise Invalid("Using different block_device_mapping syntaxes is not allowed in the same request.")
    if old:
        raise BlockDeviceInvalid(reason=_NO_VOLUMES)
    image_id = asked.get("imageRef") or None
    disks = [_disk(device, image_id) for device in devices if not device.get("no_device")]
    _require_boot_order(devices, image_id)
    return tuple(disk for disk in disks if disk is not None)


def _disk(device: Mapping[str, Any], image_id: str | None) -> BlockDevice | None:
    """Return an empty disk, or None for the root disk that is made of the server's image anyway."""
    source, is_local = device.get("source_type"), device.get("destination_type", "local") == "local"
    if source == "blank" and device.get("uuid"):
        raise BlockDeviceInvalid(reason="Invalid device UUID.")
    if source != "blank" and not device.get("uuid"):
        raise BlockDeviceInvalid(reason="Missing device UUID.")
    if is_local and device.get("volume_type"):
        raise BlockDeviceInvalid(reason="Specifying a volume_type with destination_type=local is not supported.")
    if not is_local or source in ("volume", "snapshot"):
        raise BlockDeviceInvalid(reason=_NO_VOLUMES)
    if source == "image":
        _require_own_image(device, image_id)
        return None
    return _empty(device)


def _require_own_image(device: Mapping[str, Any], image_id: str | None) -> None:
    if image_id is None or _boot_index(device) != 0 or device["uuid"] != image_id:
        raise BlockDeviceInvalid(reason="Mapping image to local is not supported.")


def _empty(device: Mapping[str, Any]) -> BlockDevice:
    size = int(device.get("volume_size") or 0)
    form = device.get("guest_format")
    return BlockDevice(
        size_mb=size if form == SWAP else size * MIB_PER_GIB,
        guest_format=form,
        device_name=device.get("device_name"),
        device_type=device.get("device_type"),
        disk_bus=device.get("disk_bus"),
        tag=device.get("tag"),
    )


def _boot_index(device: Mapping[str, Any]) -> int:
    index = device.get("boot_index")
    return -1 if index is None else int(index)


def _require_boot_order(devices: Sequence[Mapping[str, Any]], image_id: str | None) -> None:
    indexes = [index for index in map(_boot_index, devices) if index >= 0]
    is_image_named = any(device.get("source_type") == "image" and _boot_index(device) == 0 for device in devices)
    if image_id is not None and not is_image_named:
        indexes.append(0)
    if devices and sorted(indexes) != list(range(len(indexes))):
        raise BootSequenceInvalid
