"""Bytes on their way in, and bytes that nobody wants any more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pileus.image.model import status
from pileus.image.model.errors import ImageTooLarge, SizeMismatch
from pileus.image.model.image import Location

STAGING = "os_glance_staging_store"
"""What uploads name as their store that bring bytes to the staging area. It is on no list, and nobody can name it."""

DATA = "data"  # into the image
STAGE = "stage"  # to the staging area
IMPORT = "import"  # an import's own writing, to a store or to the staging area
_CLAIMED = {DATA: status.SAVING, STAGE: status.UPLOADING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One client's bytes for one image.

    Whoever receives them renews `expires_at`; once it has passed, anybody may give the upload up. `owner` names the
    process that receives them, the same after a restart: what its earlier life had begun is over at once.
    """

    id: str
    image_id: str
    location: Location  # where the bytes shall lie
    expires_at: datetime
    owner: str = ""
    reserved_bytes: int = 0  # of the project's quota
    purpose: str = DATA

    @property
    def claimed(self) -> str | None:
        """The status that the image has while the bytes come in; None: whatever it has."""
        return _CLAIMED.get(self.purpose)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What is known of bytes that came in whole. Sizes are in bytes."""

    size: int
    checksum: str  # MD5, hexadecimal
    os_hash_algo: str
    os_hash_value: str
    virtual_size: int | None


def new_location(store: str, image_id: str, upload_id: str) -> Location:
    """Return where an upload puts its bytes: a name of its own, so that no two uploads ever meet."""
    return Location(store, f"{image_id}-{upload_id[:8]}")


def require_announced_size(size: int | None, limit: int) -> None:
    """Raise ImageTooLarge if a client announces more than one image may have."""
    if size is not None and size > limit:
        raise ImageTooLarge(limit=limit)


def require_size(expected: int | None, size: int) -> None:
    """Raise SizeMismatch if other than the announced number of bytes came."""
    if expected is not None and size != expected:
        raise SizeMismatch(expected=expected, size=size)
