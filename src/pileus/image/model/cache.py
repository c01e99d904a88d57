"""Copies of images that a host keeps beside it, so that it need not ask the stores again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pileus.image.model import status
from pileus.image.model.cache_errors import ImageNotCacheable
from pileus.image.model.image import Image

GRACE_S = 10  # a copy that was asked for a moment ago may not have been opened yet
_DIGEST = re.compile(r"[0-9a-f]{32,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A whole copy. Moments are seconds since 1970."""

    name: str
    size: int  # bytes
    hits: int
    last_modified: float
    last_accessed: float

    @property
    def image_id(self) -> str:
        """The image that this is a copy of."""
        return self.name.partition(".")[0]


def copy_name(image: Image) -> str:
    """Return the name of an image's copy. It names the bytes too: an image that has others is another copy."""
    return f"{image.id}.{(image.os_hash_value or '')[:32]}"


def is_cached_when_used(image: Image, max_size_bytes: int) -> bool:
    """Tell whether a host may keep a copy of an image."""
    is_known = image.os_hash_algo is not None and _DIGEST.fullmatch(image.os_hash_value or "") is not None
    return image.status == status.ACTIVE and is_known and 0 < (image.size or 0) <= max_size_bytes


def require_cacheable(image: Image, max_size_bytes: int) -> None:
    """Raise ImageNotCacheable if an image cannot be queued."""
    if image.status != status.ACTIVE:
        raise ImageNotCacheable("Only images with status active can be targeted for queueing")
    if not is_cached_when_used(image, max_size_bytes):
        raise ImageNotCacheable(
            f"Image {image.id} cannot be cached: it is empty, larger than the cache, or its digest is not known."
        )


def surplus(copies: Iterable[Copy], max_size_bytes: int, now: float) -> list[Copy]:
    """Return the copies to give up so that the others fit: those that were not used for longest."""
    oldest_first = sorted(copies, key=lambda copy: copy.last_accessed)
    excess = sum(copy.size for copy in oldest_first) - max_size_bytes
    given_up = []
    for copy in oldest_first:
        if excess <= 0 or copy.last_accessed > now - GRACE_S:
            break
        given_up.append(copy)
        excess -= copy.size
    return given_up
