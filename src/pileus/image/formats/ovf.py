"""An OVF descriptor: which file of the package is the disk, and what it says of the processors."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from xml.parsers import expat

from pileus.image.model.format_errors import ArchiveRefused
from pileus.image.model.imports import OVF_PROPERTIES

PREFIX = "cim_pasd_"
_PROCESSOR = (
    "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ProcessorAllocationSettingData"  # the namespace's name
)
_SEPARATOR = " "
_LONGEST_VALUE = 255


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What is of interest in a descriptor."""

    disk_name: str  # of a file in the package
    properties: dict[str, str]  # of the image, such as cim_pasd_InstructionSet


@dataclass(slots=True)
class _Reading:
    """What was read so far."""

    wanted: Collection[str]
    files: dict[str, str] = field(default_factory=dict)  # by id
    disks: list[str] = field(default_factory=list)  # ids of their files
    properties: dict[str, str] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)
    text: str = ""

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        self.path.append(_local(name))
        self.text = ""
        plain = {_local(key): value for key, value in attributes.items()}
        match self.path[-2:]:
            case ["References", "File"]:
                self.files[plain.get("id", "")] = plain.get("href", "")
            case ["DiskSection", "Disk"]:
                self.disks.append(plain.get("fileRef", ""))

    def hear(self, text: str) -> None:
        self.text += text

    def end(self, name: str) -> None:
        self.path.pop()
        namespace, _, local = name.rpartition(_SEPARATOR)
        if namespace == _PROCESSOR and local in self.wanted:
            self.properties[PREFIX + local] = self.text.strip()[:_LONGEST_VALUE]


def parse(document: bytes, wanted: Collection[str] = OVF_PROPERTIES) -> Descriptor:
    """Read a descriptor. Raises ArchiveRefused unless it is XML without a DTD that names exactly one disk."""
    reading = _Reading(wanted)
    parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
    parser.buffer_text = True
    parser.StartElementHandler = reading.begin
    parser.CharacterDataHandler = reading.hear
    parser.EndElementHandler = reading.end
    parser.StartDoctypeDeclHandler = _refuse_dtd
    try:
        parser.Parse(document, True)
    except (expat.ExpatError, UnicodeError, ValueError):
        raise ArchiveRefused("The package's OVF descriptor is not XML.") from None
    if len(reading.disks) != 1:
        raise ArchiveRefused(f"The package must have one disk; its OVF descriptor names {len(reading.disks)}.")
    name = reading.files.get(reading.disks[0])
    if not name:
        raise ArchiveRefused("The package's OVF descriptor does not say which file is the disk.")
    return Descriptor(name, reading.properties)


def _refuse_dtd(*_declaration: object) -> None:
    """Entities are declared in a DTD, and they can name files or fill the memory."""
    raise ArchiveRefused("The package's OVF descriptor has a DTD, which is not allowed.")


def _local(name: str) -> str:
    return name.rpartition(_SEPARATOR)[2]
