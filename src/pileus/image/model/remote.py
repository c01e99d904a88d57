"""What an image takes over from the one that it is a copy of, in another region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pileus.image.model import status
from pileus.image.model.errors import SourceNotActive, SourceSizeUnknown

EXTRA_PROPERTIES = ("hw_", "trait:", "os_distro", "os_secure_boot", "os_type")
"""Beginnings of the names of properties that are taken over, unless the operator says otherwise."""

RESERVED = "os_glance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What is known of a copy before its bytes come. `size` is in bytes."""

    disk_format: str
    container_format: str
    size: int
    properties: Mapping[str, str]


def describe(source: Mapping[str, Any], beginnings: Sequence[str] = EXTRA_PROPERTIES) -> Described:
    """Return what a copy takes over of an image's document. Raises SourceNotActive, SourceSizeUnknown."""
    if source.get("status") != status.ACTIVE:
        raise SourceNotActive(status=source.get("status"))
    size = source.get("size")
    if not isinstance(size, int):
        raise SourceSizeUnknown(image_id=source.get("id"))
    return Described(
        disk_format=str(source["disk_format"]),
        container_format=str(source["container_format"]),
        size=size,
        properties={
            name: str(value)
            for name, value in source.items()
            if name.startswith(tuple(beginnings)) and not name.startswith(RESERVED)
        },
    )
