"""The disks that a server has beside its root disk: swap, and empty ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pileus.compute.model.error.block_device import (
    BlockDeviceInvalid,
    DiskShrinks,
    EphemeralTooLarge,
    SwapTooLarge,
    TooManyLocalDisks,
)
from pileus.compute.model.flavor import Flavor

SWAP = "swap"
MOST_LOCAL_DISKS = 3
"""With the root disk."""

MIB_PER_GIB = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockDevice:
    """A disk that is made empty on the server's host."""

    size_mb: int = 0  # 0, before `disks_of`: what the flavor says
    guest_format: str | None = None  # swap, or a filesystem
    device_name: str | None = None
    device_type: str | None = None
    disk_bus: str | None = None
    tag: str | None = None

    @property
    def is_swap(self) -> bool:
        """Whether the guest swaps to it."""
        return self.guest_format == SWAP


def disks_of(flavor: Flavor, asked: Sequence[BlockDevice]) -> tuple[BlockDevice, ...]:
    """Return the disks of a server that asks for these; what nobody asks for but the flavor has comes too.

    Raises TooManyLocalDisks, EphemeralTooLarge, SwapTooLarge, BlockDeviceInvalid.
    """
    disks = (*_ephemeral(flavor, asked), *_swap(flavor, asked))
    if len(disks) + 1 > MOST_LOCAL_DISKS:
        raise TooManyLocalDisks
    return disks


def disks_after(old: Flavor, new: Flavor, disks: Sequence[BlockDevice]) -> tuple[BlockDevice, ...]:
    """Return the disks of a server that is resized.

    Swap is as large as the new flavor says, where that is not what the old one says. An ephemeral disk that was all of
    the old flavor's grows; disks of a size that somebody chose stay as they are. Raises DiskShrinks.
    """
    most_mb = new.ephemeral_gb * MIB_PER_GIB
    ephemeral = [disk for disk in disks if not disk.is_swap]
    if sum(disk.size_mb for disk in ephemeral) > most_mb:
        raise DiskShrinks
    if len(ephemeral) == 1 and ephemeral[0].size_mb == old.ephemeral_gb * MIB_PER_GIB:
        ephemeral = [replace(ephemeral[0], size_mb=most_mb)]
    elif not ephemeral and not old.ephemeral_gb and most_mb:
        ephemeral = [BlockDevice(size_mb=most_mb)]
    swap = [disk for disk in disks if disk.is_swap]
    if new.swap_mb != old.swap_mb:
        swap = [replace(disk, size_mb=new.swap_mb) for disk in swap or [BlockDevice(guest_format=SWAP)]]
    return (*ephemeral, *(disk for disk in swap if disk.size_mb))


def _ephemeral(flavor: Flavor, asked: Sequence[BlockDevice]) -> list[BlockDevice]:
    most_mb = flavor.ephemeral_gb * MIB_PER_GIB
    disks = [disk for disk in asked if not disk.is_swap] or ([BlockDevice()] if most_mb else [])
    sized = [replace(disk, size_mb=disk.size_mb or most_mb) for disk in disks]
    if sum(disk.size_mb for disk in sized) > most_mb or any(disk.size_mb == 0 for disk in sized):
        raise EphemeralTooLarge
    return sized


def _swap(flavor: Flavor, asked: Sequence[BlockDevice]) -> list[BlockDevice]:
    disks = [disk for disk in asked if disk.is_swap] or ([BlockDevice(guest_format=SWAP)] if flavor.swap_mb else [])
    if len(disks) > 1:
        raise BlockDeviceInvalid(reason="More than one swap drive requested.")
    sized = [replace(disk, size_mb=disk.size_mb or flavor.swap_mb) for disk in disks]
    if any(disk.size_mb > flavor.swap_mb for disk in sized):
        raise SwapTooLarge
    return sized
