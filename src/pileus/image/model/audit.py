"""What an audit may find: where the rows of images and the bytes in the stores do not agree."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from pileus.image.model import status
from pileus.image.model.image import Location

WHOLE = (status.ACTIVE, status.DEACTIVATED, status.PENDING_DELETE)
"""States in which an image has its bytes."""

_OURS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(-[0-9a-f]{8}){1,2}")  # an upload's, an import's


@dataclass(frozen=True, slots=True, kw_only=True)
class OrphanedObject:
    """Bytes in a store that no row knows of."""

    kind: ClassVar[str] = "orphaned bytes"
    store: str
    key: str

    @property
    def is_ours(self) -> bool:
        """Whether the name is one that an upload gives; others may have put other things into a folder."""
        return _OURS.fullmatch(self.key) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingObject:
    """A copy of an image that is not in its store."""

    kind: ClassVar[str] = "missing bytes"
    image_id: str
    store: str
    key: str
    has_other_copy: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongSize:
    """A copy of an image that is not as long as the image is."""

    kind: ClassVar[str] = "wrong size"
    image_id: str
    store: str
    key: str
    has_other_copy: bool
    size: int  # bytes, of the image
    found: int  # bytes, in the store


@dataclass(frozen=True, slots=True, kw_only=True)
class HollowImage:
    """An image that has a copy nowhere, and says that it is whole."""

    kind: ClassVar[str] = "no bytes"
    image_id: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleCopy:
    """A file in this host's cache that is a copy of no image, or half a copy that nobody brings any more."""

    kind: ClassVar[str] = "stale copy"
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StuckImage:
    """An image that waits for bytes, or is claimed by a task, and nobody is at it."""

    kind: ClassVar[str] = "stuck image"
    image_id: str
    status: str


Finding = OrphanedObject | MissingObject | WrongSize | HollowImage | StuckImage | StaleCopy


def is_mendable(finding: Finding) -> bool:
    """Tell whether a finding can be put right without a choice that is the operator's."""
    match finding:
        case OrphanedObject():
            return finding.is_ours
        case MissingObject() | WrongSize():
            return finding.has_other_copy
        case HollowImage():
            return False
        case StuckImage() | StaleCopy():
            return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One copy of an image, as its row has it."""

    image_id: str
    size: int | None
    location: Location


def judge(copy: Copy, found: int | None, *, has_other_copy: bool) -> MissingObject | WrongSize | None:
    """Return what is wrong with a copy of which so many bytes are in its store, or it is not there."""
    place = copy.location
    if found is None:
        return MissingObject(image_id=copy.image_id, store=place.store, key=place.key, has_other_copy=has_other_copy)
    if copy.size is None or found == copy.size:
        return None
    return WrongSize(
        image_id=copy.image_id,
        store=place.store,
        key=place.key,
        has_other_copy=has_other_copy,
        size=copy.size,
        found=found,
    )
