"""The smallest file that is a disk image."""

from __future__ import annotations

import struct


def empty_qcow2(size_bytes: int = 1 << 20) -> bytes:
    """Return an empty qcow2 (version 3) of this virtual size, at most 2 MiB, in four clusters of 512 bytes."""
    cluster = 512
    l1_entries = -(-size_bytes // (cluster // 8 * cluster))
    if l1_entries > cluster // 8:
        raise ValueError(size_bytes)
    header = struct.pack(
        ">4sIQIIQIIQQIIQQQQII",
        b"QFI\xfb",
        3,
        0,  # no backing file
        0,
        9,  # clusters of 2⁹ bytes
        size_bytes,
        0,  # not encrypted
        l1_entries,
        cluster * 3,  # where the L1 table is
        cluster,  # where the refcount table is
        1,
        0,  # no snapshots
        0,
        0,  # no incompatible, compatible or autoclear features
        0,
        0,
        4,  # refcounts of 2⁴ bits
        104,
    )
    refcount_table = struct.pack(">Q", cluster * 2)
    refcounts = struct.pack(">4H", 1, 1, 1, 1)
    return b"".join(part.ljust(cluster, b"\0") for part in (header, refcount_table, refcounts, b""))
