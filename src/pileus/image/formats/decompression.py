"""Undoing the compression of an uploaded image: gzip, or a zip file with one file in it.

The original also knows LHA if an old library is there; that format is not taken here.
"""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from pileus.image.model.errors import ImageTooLarge
from pileus.image.model.format_errors import ArchiveRefused

READ_BYTES = 2**20
_MAGIC = {"gzip": b"\x1f\x8b\x08", "zip": b"PK\x03\x04"}
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others may ask for any amount of memory
_IS_ENCRYPTED = 1


def find_compression(path: Path) -> str | None:
    """Return how a file is compressed, `gzip` or `zip`, or None."""
    with path.open("rb") as file:
        head = file.read(max(map(len, _MAGIC.values())))
    return next((kind for kind, magic in _MAGIC.items() if head.startswith(magic)), None)


def decompress(path: Path, kind: str, *, limit_bytes: int) -> Iterator[bytes]:
    """Yield what a file of kind `gzip` or `zip` holds, in pieces; never more than a few megabytes are in memory.

    Raises ImageTooLarge as soon as more than `limit_bytes` came out, ArchiveRefused if the file is not whole or holds
    anything but one file.
    """
    size = 0
    try:
        with _open(path, kind) as content:
            while piece := content.read(READ_BYTES):
                size += len(piece)
                if size > limit_bytes:
                    raise ImageTooLarge(limit=limit_bytes)
                yield piece
    except (EOFError, gzip.BadGzipFile, zipfile.BadZipFile, zlib.error):
        raise ArchiveRefused(f"The {kind} data is damaged.") from None


class _Content(Protocol):
    def read(self, size: int, /) -> bytes: ...


@contextmanager
def _open(path: Path, kind: str) -> Iterator[_Content]:
    if kind == "gzip":
        with gzip.open(path) as content:
            yield content
        return
    with zipfile.ZipFile(path) as archive, archive.open(_only_file(archive)) as content:
        yield content


def _only_file(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    members = archive.infolist()
    if len(members) != 1 or members[0].is_dir():
        raise ArchiveRefused(f"The zip file must hold one file and nothing else; it holds {len(members)} entries.")
    if members[0].flag_bits & _IS_ENCRYPTED or members[0].compress_type not in _METHODS:
        raise ArchiveRefused("The zip file is encrypted, or compressed in a way that is not known.")
    return members[0]
