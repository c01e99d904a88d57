"""Which base images the guests of this host stand on, as their disks say themselves."""

from __future__ import annotations

import struct
from pathlib import Path

_HEADER = struct.Struct(">4sIQI")  # qcow2: magic, version, where the backing file's name is, its length
_MAGIC = b"QFI\xfb"


def bases_in_use(instances: Path) -> set[str]:
    """Return the names of the files that disks below `instances` stand on.

    Raises OSError or ValueError for a disk that cannot be read: then nobody knows what it stands on.
    """
    disks = [*instances.glob("*/disk"), *instances.glob("*/disk.rescue")]
    return {name for disk in disks if (name := _base_of(disk))}


def _base_of(disk: Path) -> str | None:
    with disk.open("rb") as file:
        header = file.read(_HEADER.size)
        if len(header) < _HEADER.size or not header.startswith(_MAGIC):
            raise ValueError(f"{disk} is no qcow2")
        _magic, _version, offset, length = _HEADER.unpack(header)
        if not offset:
            return None
        file.seek(offset)
        return Path(file.read(length).decode()).name
