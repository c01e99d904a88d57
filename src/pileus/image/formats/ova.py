"""An OVA package: a tar file with an OVF descriptor and a disk.

Nothing is ever extracted under a name that the package chose: the disk is read as a stream, out of the tar file itself.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pileus.image.formats import ovf
from pileus.image.model.format_errors import ArchiveRefused
from pileus.image.model.imports import OVF_PROPERTIES

MOST_MEMBERS = 1000
MOST_DESCRIPTOR_BYTES = 2**20
READ_BYTES = 2**20
MOST_BYTES_AT_ONCE = 2**22


@dataclass(frozen=True, slots=True, kw_only=True)
class PackagedDisk:
    """The disk in an open package."""

    size: int
    properties: Mapping[str, str]  # for the image, from the descriptor
    content: IO[bytes]

    def pieces(self) -> Iterator[bytes]:
        """Yield the disk's bytes. Raises ArchiveRefused if the package ends before the disk does."""
        left = self.size
        while left:
            try:
                piece = self.content.read(min(READ_BYTES, left))
            except tarfile.TarError:
                piece = b""
            if not piece:
                raise ArchiveRefused("The package ends before its disk does.")
            left -= len(piece)
            yield piece


@contextmanager
def open_disk(path: Path, wanted: Collection[str] = OVF_PROPERTIES) -> Iterator[PackagedDisk]:
    """Open a package's disk, with the `wanted` properties that its descriptor says of the processors.

    Raises ArchiveRefused unless the file is a plain tar file with one descriptor that names one disk.
    """
    with _CarefulFile(str(path)) as file, _opened(file) as archive:
        files = _list_files(archive)
        descriptor = ovf.parse(_descriptor(archive, files), wanted)
        member = files.get(descriptor.disk_name)
        content = None if member is None else archive.extractfile(member)
        if member is None or content is None:
            raise ArchiveRefused("The package does not have the disk that its OVF descriptor names.")
        with content:
            yield PackagedDisk(size=member.size, properties=descriptor.properties, content=content)


class _CarefulFile(io.FileIO):
    """A file that reads no more than a few megabytes at once: tarfile takes in whole whatever a header announces."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next bytes. Raises ArchiveRefused if too many are asked for."""
        if size is not None and size > MOST_BYTES_AT_ONCE:
            raise ArchiveRefused("The data is not an OVA package: a header of the tar file is too large.")
        return super().read(size) or b""


def _opened(file: IO[bytes]) -> tarfile.TarFile:
    try:
        return tarfile.open(fileobj=file, mode="r:")
    except (tarfile.TarError, OverflowError, ValueError):
        raise ArchiveRefused("The data is not an OVA package: it is not a tar file.") from None


def _list_files(archive: tarfile.TarFile) -> dict[str, tarfile.TarInfo]:
    """Return the package's files by name; links, devices and files with holes are none. The first of a name counts."""
    files: dict[str, tarfile.TarInfo] = {}
    try:
        for number, member in enumerate(archive):
            if number == MOST_MEMBERS:
                raise ArchiveRefused(f"The package has more than {MOST_MEMBERS} members.")
            if member.isreg() and not member.issparse():
                files.setdefault(member.name, member)
    except (tarfile.TarError, OverflowError, ValueError):
        raise ArchiveRefused("The data is not an OVA package: the tar file is damaged.") from None
    return files


def _descriptor(archive: tarfile.TarFile, files: Mapping[str, tarfile.TarInfo]) -> bytes:
    member = next((member for name, member in files.items() if name.lower().endswith(".ovf")), None)
    if member is None:
        raise ArchiveRefused("The package has no OVF descriptor.")
    if member.size > MOST_DESCRIPTOR_BYTES:
        raise ArchiveRefused(f"The package's OVF descriptor has more than {MOST_DESCRIPTOR_BYTES} bytes.")
    content = archive.extractfile(member)
    assert content is not None
    with content:
        return content.read()
