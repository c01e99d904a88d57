"""Looking at an image's bytes as they pass: what they are, how large a disk they make, whether they are safe to open.

A disk image may name other files, which whoever opens it would then read; such an image is refused. The parsers are
those of oslo.utils. Two things are done here that they leave to others: they get the beginning in one piece, as some
of them judge by the first piece that they see, and clients choose the pieces; and where QEMU would look for other files
although a parser found nothing wrong, the image is refused.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from oslo_utils.imageutils import format_inspector

from pileus.image.model.errors import DataRefused
from pileus.image.settings import FormatSettings

RAW = "raw"
HEAD_BYTES = 2**20  # the largest description that a VMDK may begin with
BEGINNING_BYTES = 2**14  # where QEMU looks for a format's name, and for that of a VMDK's parent
SECTOR_BYTES = 512
MOST_BYTES = (2**31 - 1) * 2**30  # of a disk: as many GB as `min_disk` can say
_KNOWN = frozenset(format_inspector.ALL_FORMATS)
_HINTS = {
    "backing_file": "it has a backing file",
    "data_file": "its data is in another file",
    "unknown_features": "it uses features that are not known",
}
_PART_OF_ANOTHER = {"vhd": (b"\0\0\0\4", 60), "vdi": (b"\4\0\0\0", 76)}
"""What a format says, and where, of a disk that only holds what differs from another."""

_DESCRIPTOR = re.compile(rb"(?:#[^\n]*\n| *\r?\n)*version=[123]\r?\n")
"""How QEMU knows a list of files that together make a VMDK."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What an operator lets pass."""

    require_match: bool = True  # refuse bytes that are not of the declared format
    gpt_checks_nonfatal: frozenset[str] = frozenset({"mbr"})  # a partition table names no file
    vmdk_types: frozenset[str] = frozenset({"streamoptimized", "monolithicsparse"})  # in small letters

    @classmethod
    def of(cls, settings: FormatSettings) -> Rules:
        """Return what the settings say."""
        return cls(
            require_match=settings.require_image_format_match,
            gpt_checks_nonfatal=frozenset(settings.gpt_safety_checks_nonfatal),
            vmdk_types=frozenset(each.lower() for each in settings.vmdk_allowed_types),
        )


# Whoever asks learns what is wrong from the refusal. Without this, the library prints it to a terminal besides.
logging.getLogger("oslo_utils.imageutils.format_inspector").addHandler(logging.NullHandler())

DEFAULT_RULES = Rules()


class Inspection:
    """Formats compared with bytes. Only the beginning is of interest, so soon nothing is left to do."""

    def __init__(self, rules: Rules = DEFAULT_RULES) -> None:
        self._rules = rules
        self._candidates = [kind() for name, kind in format_inspector.ALL_FORMATS.items() if name != RAW]
        self._hungry = list(self._candidates)
        self._broken: set[str] = set()
        self._head = bytearray()
        self._has_begun = False

    def look(self, pieces: Sequence[bytes]) -> None:
        """Take the next bytes."""
        for piece in pieces:
            if self._has_begun:
                self._feed(piece)
            else:
                self._head += piece
                if len(self._head) >= HEAD_BYTES:
                    self._begin()

    @property
    def is_decided(self) -> bool:
        """Whether more bytes would change nothing."""
        return self._has_begun and not self._hungry

    def conclude(self, disk_format: str, size: int) -> int | None:
        """Return the size in bytes of the disk that the `size` bytes make, or None if they do not tell.

        Raises DataRefused if they are not of the format that they should be, or not safe.
        """
        candidate = self._find()
        name = RAW if candidate is None else candidate.NAME
        if self._rules.require_match and not _is_declared(disk_format, name):
            raise DataRefused(_mismatch(disk_format, name))
        if candidate is not None:
            self._require_safe(candidate, disk_format)
        if disk_format == RAW:
            return size
        return None if candidate is None or name != disk_format else _virtual_size(candidate, size)

    def require_only(self, disk_format: str) -> None:
        """Raise DataRefused if the bytes are of another format, also where `conclude` would take them for raw."""
        candidate = self._find()
        name = RAW if candidate is None or candidate.NAME == "gpt" else candidate.NAME
        if name != disk_format:
            raise DataRefused(_mismatch(disk_format, name))

    def _begin(self) -> None:
        self._has_begun = True
        self._head.extend(bytes(max(0, SECTOR_BYTES - len(self._head))))  # as QEMU does with a file that is too short
        self._feed(bytes(self._head))
        self._head = self._head[:BEGINNING_BYTES]

    def _feed(self, piece: bytes) -> None:
        for candidate in tuple(self._hungry):
            try:
                candidate.eat_chunk(piece)
            except Exception:  # noqa: BLE001 (a parser may trip over bytes in any way)
                self._broken.add(candidate.NAME)
                self._hungry.remove(candidate)
            else:
                if candidate.complete:
                    self._hungry.remove(candidate)

    def _find(self) -> format_inspector.FileInspector | None:
        """Return what recognised the bytes, or None. Raises DataRefused if several did."""
        if not self._has_begun:
            self._begin()
        for each in self._candidates:
            each.finish()
        found = {each.NAME: each for each in self._candidates if _is_recognised(each)}
        if found.keys() == {"iso", "gpt"}:
            del found["gpt"]  # what makes a disc image start from a USB stick
        if len(found) > 1:
            raise DataRefused(f"Multiple formats detected: {', '.join(sorted(found))}")
        if _DESCRIPTOR.match(self._head) or ("vmdk" in found and not self._head.startswith(b"KDMV")):
            raise _unsafe("it is only a VMDK's description, and the data is in other files")
        return next(iter(found.values()), None)

    def _require_safe(self, candidate: format_inspector.FileInspector, disk_format: str) -> None:
        name = candidate.NAME
        if name in self._broken:
            raise _unsafe(f"it begins as {name} does, but is damaged")
        if name == "vmdk":
            self._require_whole_vmdk(candidate)
        if name in _PART_OF_ANOTHER and self._head.startswith(*_PART_OF_ANOTHER[name]):
            raise _unsafe("it only holds what differs from another disk")
        try:
            candidate.safety_check()
        except format_inspector.SafetyCheckFailed as error:
            fatal = error.failures.keys() - (self._nonfatal(disk_format) if name == "gpt" else ())
            if fatal:
                raise _unsafe(*(_HINTS.get(check, str(error.failures[check])) for check in sorted(fatal))) from None
        except format_inspector.ImageFormatError as error:
            raise _unsafe(str(error)) from None

    def _nonfatal(self, disk_format: str) -> frozenset[str]:
        """Return the checks of a partition table that may fail. A kernel's first sector looks like one, and is none."""
        return self._rules.gpt_checks_nonfatal | ({"mbr"} if disk_format in ("aki", "ari") else frozenset())

    def _require_whole_vmdk(self, candidate: format_inspector.FileInspector) -> None:
        found = getattr(candidate, "vmdktype", "unknown")
        if found not in self._rules.vmdk_types:
            allowed = ", ".join(sorted(self._rules.vmdk_types)) or "none"
            raise _unsafe(f"its VMDK subtype '{found}' is not allowed (allowed: {allowed})")
        if not candidate.virtual_size:  # QEMU then looks for the data in the files that it names
            raise _unsafe("its VMDK header gives no size")
        if b"parentfilenamehint" in self._head.lower():
            raise _unsafe("it only holds what differs from another disk")


def inspect_file(path: Path, disk_format: str, rules: Rules = DEFAULT_RULES) -> Inspection:
    """Look at a file, which must be of the declared format and safe, and return what was seen. Raises DataRefused."""
    inspection = Inspection(rules)
    with path.open("rb") as file:
        while not inspection.is_decided and (piece := file.read(HEAD_BYTES)):
            inspection.look([piece])
    inspection.conclude(disk_format, path.stat().st_size)
    return inspection


def _is_recognised(candidate: format_inspector.FileInspector) -> bool:
    try:
        return bool(candidate.format_match)
    except Exception:  # noqa: BLE001 (a parser that has not seen what it needs)
        return False


def _is_declared(disk_format: str, found: str) -> bool:
    """A raw disk may begin with anything; a format that cannot be recognised must look like nothing else.

    A kernel's first sector looks like that of a divided disk.
    """
    return disk_format in (RAW, found) or (found in (RAW, "gpt") and disk_format not in _KNOWN)


def _mismatch(disk_format: str, found: str) -> str:
    what = f"not {disk_format}" if found == RAW else found
    return f"Image disk_format is {disk_format}, but the data is {what}"


def _unsafe(*reasons: str) -> DataRefused:
    return DataRefused(f"Image failed safety checks: {', '.join(reasons)}")


def _virtual_size(candidate: format_inspector.FileInspector, size: int) -> int | None:
    if candidate.NAME == "gpt":
        return size
    if candidate.NAME == "luks":
        header: dict[str, int] = getattr(candidate, "header_items")  # noqa: B009 (only this parser has it)
        return max(0, size - header["payload_offset"] * SECTOR_BYTES) or None
    try:
        virtual_size = int(candidate.virtual_size)
    except Exception:  # noqa: BLE001 (a parser that has not seen what it needs)
        raise _unsafe(f"it begins as {candidate.NAME} does, but is damaged") from None
    if virtual_size > MOST_BYTES:
        raise _unsafe(f"it claims to be a disk of {virtual_size} bytes")
    return virtual_size or None
