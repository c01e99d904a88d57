"""Changes to a description, and what may not be changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pileus.image.model import location, status
from pileus.image.model.errors import (
    AttributeNotRemovable,
    AttributeReadOnly,
    AttributeReserved,
    FormatFixed,
    PropertyExists,
    PropertyMissing,
)
from pileus.image.model.image import Image, Limits, require_sound
from pileus.image.model.property_rule import CREATE, DELETE, READ, RESERVED_PREFIX, UPDATE, Touch, free

CHANGEABLE = frozenset(
    {
        "name",
        "visibility",
        "owner",
        "disk_format",
        "container_format",
        "min_disk",
        "min_ram",
        "protected",
        "os_hidden",
        "tags",
    }
)
"""Attributes of every image that callers may set."""

READ_ONLY = frozenset(
    {
        "checksum",
        "created_at",
        "direct_url",
        "file",
        "id",
        "os_hash_algo",
        "os_hash_value",
        "schema",
        "self",
        "size",
        "status",
        "stores",
        "updated_at",
        "virtual_size",
    }
)

RESERVED = frozenset({"deleted", "deleted_at", "location"})
LOCATIONS = "locations"


@dataclass(frozen=True, slots=True)
class Change:
    """One step of a patch."""

    verb: str  # add, replace or remove
    name: str
    value: Any = None
    may_exist: bool = True  # whether `add` may replace
    place: str = ""  # of a location: its number, or '-' for the last


def require_settable(name: str) -> None:
    """Raise AttributeReadOnly or AttributeReserved if no caller may set `name`."""
    if name in READ_ONLY:
        raise AttributeReadOnly(name=name)
    if name in RESERVED or name.startswith(RESERVED_PREFIX):
        raise AttributeReserved(name=name)


def apply(image: Image, changes: Sequence[Change], limits: Limits, touch: Touch = free) -> Image:
    """Return the image as it is after the changes; `touch` tells what the caller may do to a property.

    Raises a refusal of the first change that may not be, or of the result.
    """
    for change in changes:
        require_settable(change.name)
        if change.name == LOCATIONS:
            image = _locations(image, change, limits)
        elif change.name in CHANGEABLE:
            image = _attribute(image, change)
        else:
            image = _property(image, change, touch)
    require_sound(image, limits)
    return image


def _locations(image: Image, change: Change, limits: Limits) -> Image:
    """Change where the bytes lie; the values are `Placed`."""
    if change.verb == "remove":
        return location.remove(image, change.place)
    location.require_few(image, change.value, limits, is_added=change.verb == "add")
    if change.verb == "add":
        return location.add(image, change.place, *change.value)
    return location.replace_all(image, change.value)


def _attribute(image: Image, change: Change) -> Image:
    if change.verb == "remove":
        raise AttributeNotRemovable(name=change.name)
    if change.verb == "add" and not change.may_exist:
        raise PropertyExists(name=change.name)
    if change.name in ("disk_format", "container_format") and image.status not in status.FORMATS_OPEN:
        raise FormatFixed(name=change.name)
    value: Any = frozenset(change.value) if change.name == "tags" else change.value
    changed: dict[str, Any] = {change.name: value}
    return replace(image, **changed)


def _property(image: Image, change: Change, touch: Touch) -> Image:
    is_there = change.name in image.properties and touch(READ, change.name)
    if change.verb != "add" and not is_there:
        raise PropertyMissing(name=change.name)
    if change.verb == "add" and is_there and not change.may_exist:
        raise PropertyExists(name=change.name)
    operation = DELETE if change.verb == "remove" else UPDATE if is_there else CREATE
    if not touch(operation, change.name):
        raise AttributeReserved(name=change.name)
    if change.value is None:  # which a schema may allow: it is not set then
        change = replace(change, verb="remove")
    rest = {name: value for name, value in image.properties.items() if name != change.name}
    if change.verb == "remove":
        return replace(image, properties=rest)
    return replace(image, properties={**rest, change.name: change.value})
