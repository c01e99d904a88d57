"""An image: a description, and later the bytes that it describes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pileus.image.model import status
from pileus.image.model.errors import (
    FormatsMissing,
    ImageProtected,
    NegativeValue,
    PropertyNameTooLong,
    TooManyProperties,
    TooManyTags,
)

PUBLIC = "public"  # everybody sees it, and it is in everybody's list
COMMUNITY = "community"  # everybody sees it, but it is only in the list of those who ask
SHARED = "shared"  # the owner and the members see it
PRIVATE = "private"  # the owner sees it
VISIBILITIES = (COMMUNITY, PUBLIC, PRIVATE, SHARED)

CONTAINER_FORMATS = ("ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed")
DISK_FORMATS = ("ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop", "gpt", "luks")

NAME_LENGTH = 255
OWN_PREFIX = "os_glance"  # of properties that the service itself sets
HASH_ALGORITHM = "sha512"

# Of a location: the bytes are all there and the image's, or that is still to be found out.
PROVEN, UNPROVEN = "active", "pending"


@dataclass(frozen=True, slots=True)
class Location:
    """Where an image's bytes lie: a store, and the name that they have in it. Nothing else makes two places differ."""

    store: str
    key: str  # in a store of what others keep: a URL
    metadata: Mapping[str, Any] = field(default_factory=dict, compare=False)  # what callers say of it
    status: str = field(default=PROVEN, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image as it is known to one caller. `min_disk` is in GB, `min_ram` in MB, both sizes are in bytes."""

    id: str
    status: str = status.QUEUED
    name: str | None = None
    visibility: str = SHARED
    owner: str | None = None  # a project
    disk_format: str | None = None
    container_format: str | None = None
    min_disk: int = 0
    min_ram: int = 0
    protected: bool = False
    os_hidden: bool = False
    size: int | None = None
    virtual_size: int | None = None
    checksum: str | None = None  # MD5, hexadecimal
    os_hash_algo: str | None = None
    os_hash_value: str | None = None
    created_at: datetime
    updated_at: datetime
    tags: frozenset[str] = frozenset()
    properties: Mapping[str, str] = field(default_factory=dict)
    locations: tuple[Location, ...] = ()
    unproven: tuple[Location, ...] = ()  # where bytes lie that were not, or not yet, found to be the image's
    member_id: str | None = None  # the caller's project, if the image is shared with it


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one image may hold; a negative count is no limit."""

    properties: int = 128
    tags: int = 128
    members: int = 128
    locations: int = 10
    size_bytes: int = 2**40


def require_sound(image: Image, limits: Limits) -> None:
    """Raise NegativeValue, PropertyNameTooLong, TooManyProperties or TooManyTags if the description is no good."""
    for name, value in (("min_disk", image.min_disk), ("min_ram", image.min_ram)):
        if value < 0:
            raise NegativeValue(name=name, value=value)
    if any(len(name) > NAME_LENGTH for name in image.properties):
        raise PropertyNameTooLong
    require_tag_count(len(image.tags), limits)
    count = sum(not name.startswith(OWN_PREFIX) for name in image.properties)
    if 0 <= limits.properties < count:
        raise TooManyProperties(attempted=count, maximum=limits.properties)


def require_tag_count(count: int, limits: Limits) -> None:
    """Raise TooManyTags."""
    if 0 <= limits.tags < count:
        raise TooManyTags(attempted=count, maximum=limits.tags)


def least_disk_gb(virtual_size: int | None) -> int:
    """Return how large a disk must be, in GB, to hold an image whose disk has that many bytes."""
    return -(-(virtual_size or 0) // 2**30)


def require_deletable(image: Image) -> None:
    """Raise ImageProtected or TransitionRefused."""
    if image.protected:
        raise ImageProtected(image_id=image.id)
    status.require_way(image.status, status.DELETED)


def require_ready_for_data(image: Image) -> None:
    """Raise TransitionRefused or FormatsMissing unless bytes may come in now."""
    status.require_way(image.status, status.SAVING)
    missing = [name for name in ("disk_format", "container_format") if getattr(image, name) is None]
    if missing:
        raise FormatsMissing.of(missing)


def is_seen_by(image: Image, project_id: str | None, *, is_admin: bool) -> bool:
    """Tell whether a caller may know that the image exists."""
    if is_admin or image.visibility in (PUBLIC, COMMUNITY):
        return True
    if project_id is None:
        return False
    return image.owner == project_id or (image.visibility == SHARED and image.member_id is not None)
