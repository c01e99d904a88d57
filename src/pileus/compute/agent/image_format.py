"""What a file of image data really is, and whether a guest may be built on it.

A disk image can name other files: a backing file or an external data file. One that came from a user could name any
file of the host, so such an image is refused before anything opens it. For the same reason nobody here ever lets QEMU
guess a format: it is stated, and what is stated must be what is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from oslo_utils.imageutils import format_inspector

from pileus.kit.errors import Invalid

if TYPE_CHECKING:
    from pathlib import Path

# An image's disk_format → how QEMU reads it.
_QEMU_FORMAT = {"raw": "raw", "aki": "raw", "ami": "raw", "ari": "raw", "iso": "raw", "qcow2": "qcow2"}
# What the bytes of a raw disk may look like: nothing known, a partition table, a CD.
_LOOKS_RAW = frozenset({"raw", "gpt", "iso"})
_CHUNK_BYTES = 1 << 16


class ImageUnacceptable(Invalid):
    """The image's data is not what it is said to be, or reaches outside of itself."""

    message = "Image {image} is unacceptable: {why}"


def qemu_format(disk_format: str, *, image: str) -> str:
    """Return QEMU's name for an image's `disk_format`. Raises ImageUnacceptable for one that hosts cannot boot."""
    try:
        return _QEMU_FORMAT[disk_format]
    except KeyError:
        why = f"disk format {disk_format} cannot be booted; {', '.join(sorted(_QEMU_FORMAT))} can."
        raise ImageUnacceptable(image=image, why=why) from None


def require_safe(path: Path, declared: str, *, image: str | None = None) -> None:
    """Check that `path` holds what `declared` ("raw" or "qcow2") says, and only that. Raises ImageUnacceptable."""
    name = image or path.name
    found = {str(inspector): inspector for inspector in _inspect(path)}
    if declared == "raw" and found.keys() <= _LOOKS_RAW:
        return
    if found.keys() != {declared}:
        actual = " and ".join(sorted(found)) or "unknown"
        raise ImageUnacceptable(image=name, why=f"it is declared {declared} but its content is {actual}.")
    _require_alone(found[declared], name)


def _inspect(path: Path) -> list[format_inspector.FileInspector]:
    """Return every format that the content matches: a bootable CD may be a CD and a partitioned disk."""
    with path.open("rb") as file:
        wrapper = format_inspector.InspectWrapper(file)
        while wrapper.formats is None and wrapper.read(_CHUNK_BYTES):
            pass
        wrapper.close()
        return list(wrapper.formats or [])


def _require_alone(inspector: format_inspector.FileInspector, name: str) -> None:
    """Refuse an image that names other files or has features nobody checked."""
    try:
        inspector.safety_check()
    except format_inspector.SafetyCheckFailed as error:
        failed = min(error.failures)
        raise ImageUnacceptable(image=name, why=_WHY.get(failed, f"it fails the check {failed}.")) from error
    except format_inspector.ImageFormatError as error:
        raise ImageUnacceptable(image=name, why="its header is cut short.") from error


_WHY = {
    "backing_file": "it has a backing file; an image must stand alone.",
    "data_file": "it keeps its data in an external file; an image must stand alone.",
    "unknown_features": "it uses qcow2 features that are not known to be safe.",
}
