"""Disk images as an attacker would write them, and honest ones; made here, so that nobody carries them about."""

from __future__ import annotations

import struct

SECTOR = 512


def qcow2(*, virtual_size: int = 2**30, version: int = 3, backing_offset: int = 0, features: int = 0) -> bytes:
    header = struct.pack(">4sIQIIQ", b"QFI\xfb", version, backing_offset, 0, 16, virtual_size)
    return (header.ljust(72, b"\0") + struct.pack(">Q", features)).ljust(2**20, b"\0")


def qcow2_over(path: str) -> bytes:
    """One whose backing file is `path`."""
    name = path.encode()
    head = struct.pack(">4sIQIIQ", b"QFI\xfb", 2, 256, len(name), 16, 2**20)
    return (head.ljust(256, b"\0") + name).ljust(2**20, b"\0")


def vmdk_description(kind: str, extent: str) -> str:
    return f'# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\ncreateType="{kind}"\n{extent}\n'


def flat_vmdk(path: str) -> bytes:
    """One that is only a text, and says that the data is in `path`."""
    return vmdk_description("monolithicFlat", f'RW 2048 FLAT "{path}" 0').encode().ljust(2**16, b"\n")


def sparse_vmdk(
    *, kind: str = "monolithicSparse", extent: str = 'RW 2048 SPARSE "disk.vmdk"', sectors: int = 2048, at: int = 1
) -> bytes:
    """One with a header, whose description is in the sector `at`."""
    header = struct.pack("<4sIIQQQQIQQ", b"KDMV", 1, 3, sectors, 128, at, 20, 512, 21, 26).ljust(SECTOR, b"\0")
    text = vmdk_description(kind, extent).encode().ljust(20 * SECTOR, b"\0")
    return (header + bytes((at - 1) * SECTOR) + text).ljust(2**20, b"\0")


PARENT = 'parentFileNameHint="/srv/another.vmdk"\n'
"""A line of a VMDK's description that names the disk under it."""


def two_faced_vmdk() -> bytes:
    """One whose type depends on whether the reader minds capital letters, and that has its data in `neighbour`."""
    data = sparse_vmdk(sectors=0, extent='RW 2048 FLAT "neighbour" 0')
    honest = b'createType="monolithicSparse"\n'
    faces = b'CREATETYPE="monolithicSparse"\ncreateType="monolithicFlat"\n'
    return data.replace(honest, faces).replace(bytes(len(faces) - len(honest)), b"", 1)


def vhd(*, kind: int = 3, virtual_size: int = 2**30) -> bytes:
    footer = b"conectix".ljust(40, b"\0") + struct.pack(">QQII", virtual_size, virtual_size, 0, kind)
    return footer.ljust(2**16, b"\0")


def vdi(*, kind: int = 1, virtual_size: int = 2**30) -> bytes:
    head = bytes(64) + struct.pack("<IIII", 0xBEDA107F, 0x10001, 400, kind)
    return (head.ljust(368, b"\0") + struct.pack("<Q", virtual_size)).ljust(2**16, b"\0")


def iso(*, blocks: int = 1000) -> bytes:
    volume = b"\1CD001\1".ljust(80, b"\0") + struct.pack("<II", blocks, 0)
    volume = volume.ljust(128, b"\0") + struct.pack("<HH", 2048, 0)
    return (bytes(32768) + volume).ljust(2**17, b"\0")


def luks(*, payload_sectors: int = 4096) -> bytes:
    header = struct.pack(
        ">6sH32s32s32sII20s32sI",
        b"LUKS\xba\xbe",
        1,
        b"aes",
        b"xts-plain64",
        b"sha256",
        payload_sectors,
        64,
        b"",
        b"",
        1,
    )
    return header.ljust(2**22, b"\0")


def divided(*, kinds: tuple[int, ...] = (0xEE,)) -> bytes:
    """A disk with a partition table that names partitions of these kinds."""
    entries = b"".join(struct.pack("<B3BB3BII", 0, 0, 2, 0, kind, 255, 255, 255, 1, 2047) for kind in kinds)
    return (bytes(446) + entries.ljust(64, b"\0") + b"\x55\xaa").ljust(2**16, b"\0")
