"""What can go wrong with the places where images' bytes lie, as facts. None repeats a URL: it may hold a secret."""

from __future__ import annotations

from pileus.kit.errors import Conflict, Forbidden, Invalid, NotFound, TooLarge, Unavailable


class LocationsHidden(Forbidden):
    """Where the bytes lie is not the callers' business."""

    message = "It's not allowed to {verb} locations if locations are invisible."


class LocationsEmpty(Forbidden):
    """An image with bytes lies somewhere."""

    message = "Cannot set locations to empty list."


class LastLocation(Forbidden):
    """Without this place, the image would have no bytes."""

    message = "Cannot remove last location in the image."


class LastStore(Forbidden):
    """Without this store, the image would have no bytes."""

    message = "Cannot delete image data from the only store containing it. Consider deleting the image instead."


class OutsideRefused(Forbidden):
    """Where their images lie in our own stores is said by services only."""

    message = "http store must be enabled to use location API by normal user."


class StatusRefused(Conflict):
    """An image has new places only in some states."""

    message = "It's not allowed to {verb} locations if image status is {status}."


class StoreRemovalRefused(Conflict):
    """Bytes are taken out of a store only if they are whole."""

    message = "It's not allowed to remove image data from store if image status is not 'active'"


class StoreAbsent(Conflict):
    """A path names a store that this deployment does not have."""

    message = "The selected store {store} is not available on this node."


class NotInStore(NotFound):
    """An image has no bytes in a store."""

    message = "Image {image_id} is not stored in store {store}."


class LocationInvalid(Invalid):
    """No store takes this URL, or there is nothing."""

    message = "Invalid location"


class LocationExists(Invalid):
    """An image's bytes lie at one place once."""

    message = "The location was given before."


class LocationsFixed(Invalid):
    """All places are replaced at once only by themselves, with other metadata."""

    message = "Original locations is not empty: they can be replaced only by themselves."


class TooManyLocations(TooLarge):
    """An image's bytes lie at more places than are allowed."""

    message = (
        "The limit has been exceeded on the number of allowed image locations. Attempted: {attempted}, "
        "Maximum: {maximum}"
    )


class PositionInvalid(Invalid):
    """A path names no place in the list."""

    message = "Invalid position for {gerund} a location."


class ValidationConflict(Conflict):
    """What is said of the bytes cannot be, or is not what was said before."""


class ValidationInvalid(Invalid):
    """What is said of the bytes cannot be."""


class OperationRunning(Conflict):
    """Somebody is at work on the image."""

    message = "New operation on image '{image_id}' is not permitted as prior operation is still in progress"


class DigestDiffers(Invalid):
    """The bytes at a location are not those that they were said to be."""

    message = "The bytes have another {algorithm} than the os_hash_value that was given."


class StoreHangs(Unavailable):
    """A store does not answer in time."""

    message = "Store {store} does not answer."
