"""What a guest wrote to its serial console.

virtlogd writes the log as root and begins a new file every 2 MiB, renaming the one before to `.0`. The first file is
made by us, so that we may read it; one that virtlogd began is read through libvirtd when we are not root.
"""

from __future__ import annotations

import os
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING
from uuid import uuid4

from pileus.compute.agent.drivers.libvirt.connection import translated

if TYPE_CHECKING:
    from pathlib import Path

    import libvirt

    from pileus.compute.agent.drivers.libvirt.connection import Connection

LIMIT_BYTES = 100 * 1024


def create_log(log: Path) -> None:
    """Make an empty log of ours where there is none."""
    os.close(os.open(log, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))


def read_tail(connection: Connection, log: Path, lines: int | None) -> str:
    """Return the last `lines` of the log, all that is within `LIMIT_BYTES` for None. Raises HypervisorFailed."""
    tail = b""
    for path in (log, log.with_name(f"{log.name}.0")):
        if len(tail) < LIMIT_BYTES:
            tail = _read_end(connection, path, LIMIT_BYTES - len(tail)) + tail
    text = tail.decode("utf-8", "replace")
    if lines is None:
        return text
    return "".join(text.splitlines(keepends=True)[-lines:]) if lines > 0 else ""


def _read_end(connection: Connection, path: Path, size_bytes: int) -> bytes:
    try:
        with path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(0, end - size_bytes))
            return file.read(size_bytes)
    except FileNotFoundError:
        return b""
    except PermissionError:
        with translated():
            return _read_end_through(connection.get(), path, size_bytes)


def _read_end_through(connection: libvirt.virConnect, path: Path, size_bytes: int) -> bytes:
    """Let libvirtd read the file, as a volume of a storage pool that lives as long as this call."""
    pool = connection.storagePoolCreateXML(_pool_xml(path.parent), 0)
    try:
        volume = pool.storageVolLookupByName(path.name)
        end = volume.info()[1]
        stream = connection.newStream(0)
        volume.download(stream, max(0, end - size_bytes), min(end, size_bytes), 0)
        found = bytearray()
        stream.recvAll(lambda _stream, data, _opaque: found.extend(data), None)
        stream.finish()
        return bytes(found)
    finally:
        pool.destroy()


def _pool_xml(directory: Path) -> str:
    root = ET.Element("pool", type="dir")
    ET.SubElement(root, "name").text = f"pileus-console-{uuid4().hex}"
    ET.SubElement(ET.SubElement(root, "target"), "path").text = str(directory)
    return ET.tostring(root, encoding="unicode")
