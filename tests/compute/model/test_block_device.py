"""The disks of a server beside its root disk, when its size changes."""

from __future__ import annotations

import pytest

from pileus.compute.model.block_device import SWAP, BlockDevice, disks_after
from pileus.compute.model.error.block_device import DiskShrinks
from pileus.compute.model.flavor import Flavor


def flavor(ephemeral_gb: int, swap_mb: int = 0) -> Flavor:
    return Flavor(id="1", name="one", vcpus=1, memory_mb=64, root_gb=1, ephemeral_gb=ephemeral_gb, swap_mb=swap_mb)


def ephemeral(size_gb: int) -> BlockDevice:
    return BlockDevice(size_mb=size_gb * 1024)


def swap(size_mb: int) -> BlockDevice:
    return BlockDevice(size_mb=size_mb, guest_format=SWAP)


@pytest.mark.parametrize(
    ("old", "new", "disks", "after"),
    [
        (flavor(0), flavor(0), (), ()),
        (flavor(1), flavor(1), (ephemeral(1),), (ephemeral(1),)),
        (flavor(1), flavor(2), (ephemeral(1),), (ephemeral(2),)),
        (flavor(2), flavor(4), (ephemeral(1), ephemeral(1)), (ephemeral(1), ephemeral(1))),
        (flavor(2), flavor(1), (ephemeral(1),), (ephemeral(1),)),
        (flavor(0), flavor(1), (), (ephemeral(1),)),
        (flavor(0, 8), flavor(0, 16), (swap(8),), (swap(16),)),
        (flavor(0, 8), flavor(0, 8), (swap(4),), (swap(4),)),
        (flavor(0, 8), flavor(0), (swap(8),), ()),
        (flavor(0), flavor(1, 8), (), (ephemeral(1), swap(8))),
    ],
)
def test_disks_follow_the_flavor_but_what_somebody_chose_stays(
    old: Flavor, new: Flavor, disks: tuple[BlockDevice, ...], after: tuple[BlockDevice, ...]
) -> None:
    assert disks_after(old, new, disks) == after


@pytest.mark.parametrize("disks", [(ephemeral(2),), (ephemeral(1), ephemeral(1))])
def test_no_ephemeral_disk_becomes_smaller(disks: tuple[BlockDevice, ...]) -> None:
    with pytest.raises(DiskShrinks, match="Unable to resize disk down"):
        disks_after(flavor(2), flavor(1), disks)
