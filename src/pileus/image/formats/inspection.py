"""Looking at an image's bytes as they pass: what they are, how large a disk they make, whether they are safe to open.

A disk image may name other files, which whoever opens it would then read; such an image is refused.
"""

from __future__ import annotations

from collections.abc import Sequence

from oslo_utils.imageutils import format_inspector

from pileus.image.model.errors import DataRefused

RAW = "raw"
_KNOWN = frozenset(format_inspector.ALL_FORMATS)
_HINTS = {
    "backing_file": "it has a backing file",
    "data_file": "its data is in another file",
    "unknown_features": "it uses features that are not known",
}


class Inspection:
    """Formats compared with bytes. Only the beginning is of interest, so soon nothing is left to do."""

    def __init__(self) -> None:
        self._candidates = [kind() for name, kind in format_inspector.ALL_FORMATS.items() if name != RAW]
        self._is_decided = False

    def look(self, pieces: Sequence[bytes]) -> None:
        """Take the next bytes."""
        for piece in pieces:
            if self._is_decided:
                return
            self._candidates = [candidate for candidate in self._candidates if _eats(candidate, piece)]
            self._is_decided = all(candidate.complete for candidate in self._candidates)

    def conclude(self, disk_format: str, size: int) -> int | None:
        """Return the size in bytes of the disk that the `size` bytes make, or None if they do not tell.

        Raises DataRefused if they are not of the format that they should be, or not safe.
        """
        for each in self._candidates:
            each.finish()
        found = {each.NAME: each for each in self._candidates if each.format_match}
        if found.keys() == {"iso", "gpt"}:
            del found["gpt"]  # what makes a disc image start from a USB stick
        if len(found) > 1:
            raise DataRefused(f"Multiple formats detected: {', '.join(sorted(found))}")
        candidate = next(iter(found.values()), None)
        name = RAW if candidate is None else candidate.NAME
        _require_declared(disk_format, name)
        if candidate is not None:
            _require_safe(candidate)
        if disk_format == RAW or candidate is None:
            return size if disk_format == RAW else None
        return int(candidate.virtual_size) or None


def _eats(candidate: format_inspector.FileInspector, piece: bytes) -> bool:
    if candidate.complete:
        return True
    try:
        candidate.eat_chunk(piece)
    except Exception:  # noqa: BLE001 (a parser that trips over bytes says that they are not of its format)
        return False
    return True


def _require_declared(disk_format: str, found: str) -> None:
    """A raw disk may begin with anything; a format that cannot be recognised must look like nothing else.

    A kernel's first sector looks like that of a divided disk.
    """
    if disk_format in (RAW, found) or (found in (RAW, "gpt") and disk_format not in _KNOWN):
        return
    if found == RAW:
        raise DataRefused(f"Image disk_format is {disk_format}, but the data is not {disk_format}")
    raise DataRefused(f"Image disk_format is {disk_format}, but the data is {found}")


def _require_safe(candidate: format_inspector.FileInspector) -> None:
    if candidate.NAME == "gpt":  # says how a disk is divided, and names no file
        return
    try:
        candidate.safety_check()
    except format_inspector.SafetyCheckFailed as error:
        reasons = ", ".join(_HINTS.get(name, str(failure)) for name, failure in sorted(error.failures.items()))
        raise DataRefused(f"Image failed safety checks: {reasons}") from None
    except format_inspector.ImageFormatError as error:
        raise DataRefused(f"Image failed safety checks: {error}") from None
