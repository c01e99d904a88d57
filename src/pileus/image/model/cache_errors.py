"""What can go wrong with copies of images on a host, as facts."""

from __future__ import annotations

from pileus.kit.errors import Conflict, Invalid, NotFound


class CachingOff(NotFound):
    """The flavor of the service has no cache."""

    message = "Caching via API is not supported at this site."


class CacheManagementOff(NotFound):
    """The flavor of the service lacks the older routes of the cache."""

    message = "The resource could not be found."


class ImageNotCacheable(Invalid):
    """An image of which no copy can be kept."""


class ClearTargetUnknown(Invalid):
    """Only copies and the queue can be cleared."""

    message = "If provided 'x-image-cache-clear-target' must be 'cache', 'queue' or empty string."


class NodesUnknown(Conflict):
    """Each host knows its own copies only."""

    message = "Centralized caching is not enabled"


class CopyBroken(Conflict):
    """The bytes that came for a copy are not the image's."""

    message = "The copy of image {image_id} is broken: {reason}"
