"""What can go wrong with images, as facts."""

from __future__ import annotations

from pileus.kit.errors import (
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    RangeNotSatisfiable,
    TooLarge,
    Unavailable,
    UnsupportedMedia,
)

# --- finding ---------------------------------------------------------------------------------------


class ImageNotFound(NotFound):
    """There is no such image, or the caller must not know of it."""

    message = "No image found with ID {image_id}"


class MarkerNotFound(Invalid):
    """A list shall go on after an image that does not exist."""

    message = "No image found with ID {image_id}"


class TagNotFound(NotFound):
    """The image does not carry this tag."""

    message = "The resource could not be found."


class MemberNotFound(NotFound):
    """The image is not shared with this project."""

    message = "{member_id} not found in the member list of the image {image_id}."


# --- describing ------------------------------------------------------------------------------------


class ImageExists(Conflict):
    """An id was used before; a deleted image's id is never given again."""

    message = "Image ID {image_id} already exists!"


class ImageChanged(Conflict):
    """The image was changed by somebody else at the same time."""

    message = "Image {image_id} was changed at the same time; try again"


class AttributeReadOnly(Forbidden):
    """An attribute that only the service itself sets."""

    message = "Attribute '{name}' is read-only."


class AttributeReserved(Forbidden):
    """A name that no property may have."""

    message = "Attribute '{name}' is reserved."


class AttributeNotRemovable(Forbidden):
    """An attribute that every image has."""

    message = "Property {name} may not be removed."


class FormatFixed(Forbidden):
    """The formats say what the bytes are, so they cannot change once there are bytes."""

    message = "Attribute {name} can be only replaced for a queued image."


class OwnerFixed(Forbidden):
    """An image is given away only by an administrator."""

    message = "Owner can't be updated by non admin."


class ForeignOwner(Forbidden):
    """An image is made for another project only by an administrator."""

    message = "You are not permitted to create images owned by '{owner}'"


class PropertyMissing(Conflict):
    """A property to change is not there."""

    message = "Property {name} does not exist."


class PropertyExists(Conflict):
    """A property to add is there already; said by the older patch format only."""

    message = "Property {name} already present."


class PropertyRulesInvalid(Invalid):
    """The file that protects properties cannot be used."""

    message = "The property protection file is not valid: {reason}"


class NegativeValue(Invalid):
    """A size below zero."""

    message = "Invalid value '{value}' for parameter '{name}': Cannot be a negative value"


class PropertyNameTooLong(Invalid):
    """A property's name has more than 255 characters."""

    message = "Custom property should not be greater than 255 characters."


class TooManyProperties(TooLarge):
    """More properties than one image may carry."""

    message = (
        "The limit has been exceeded on the number of allowed image properties. Attempted: {attempted}, "
        "Maximum: {maximum}"
    )


class TooManyTags(TooLarge):
    """More tags than one image may carry."""

    message = (
        "The limit has been exceeded on the number of allowed image tags. Attempted: {attempted}, Maximum: {maximum}"
    )


# --- deleting and sharing --------------------------------------------------------------------------


class ImageProtected(Forbidden):
    """The image is guarded against deletion."""

    message = "Image {image_id} is protected and cannot be deleted."


class TurnRefused(Forbidden):
    """Only an image that has bytes can be withdrawn from use, or given back to it."""

    message = "Not allowed to {action} image in status '{status}'"


class NotPendingDelete(Conflict):
    """Only an image that is deleted and kept can be restored."""

    message = "Image {image_id} cannot be restored: it is '{status}' and not pending_delete."


class NotShared(Forbidden):
    """Only images of visibility 'shared' have members."""

    message = "Only shared images have members."


class MemberExists(Conflict):
    """The image is shared with this project already."""

    message = "Member {member_id} is duplicated for image {image_id}"


class MemberInvalid(Invalid):
    """A membership is not described as it should be."""


class TooManyMembers(TooLarge):
    """More members than one image may have."""

    message = (
        "The limit has been exceeded on the number of allowed image members for this image. Attempted: {attempted}, "
        "Maximum: {maximum}"
    )


class TagInvalid(Invalid):
    """A tag has more than 255 characters."""

    message = "Provided object does not match schema 'image': '{tag}' is too long"


# --- bytes -----------------------------------------------------------------------------------------


class TransitionRefused(Conflict):
    """An image cannot go from the state it is in to the one asked for."""

    message = "Image status transition from {old} to {new} is not allowed"


class FormatsMissing(Invalid):
    """Bytes are taken only for an image that says what they are."""

    @classmethod
    def of(cls, names: list[str]) -> FormatsMissing:
        """Name the attributes that are missing."""
        noun = "Property" if len(names) == 1 else "Properties"
        return cls(f"{noun} {', '.join(names)} must be set prior to saving data.")


class UploadLost(Gone):
    """While the bytes came in, the image was deleted or the upload was given up for dead."""

    message = (
        "Image {image_id} could not be found after upload. The image may have been deleted during the upload, "
        "cleaning up the chunks uploaded."
    )


class UploadStalled(Invalid):
    """The client neither sent bytes nor hung up."""

    message = "The upload of image {image_id} was given up: no data came for {timeout_s} seconds"


class SizeMismatch(Invalid):
    """The client announced another number of bytes than it sent."""

    message = "Size mismatch: expected {expected} bytes, got {size} bytes"


class SizeInvalid(Invalid):
    """A size in a header is not a number of bytes."""

    message = "Invalid or missing image size in request headers."


class ImageTooLarge(TooLarge):
    """More bytes than one image may have."""

    message = "The incoming image is too large: the limit is {limit} bytes"


class StorageFull(TooLarge):
    """The store has no room for the bytes."""

    message = "Image storage media is full: There is not enough disk space on the image storage media."


class StorageBroken(Unavailable):
    """The store is not what it was: its disk fails, or its folder is gone."""

    message = "Image storage media cannot be used: {reason}"


class StorageWriteDenied(Unavailable):
    """The store may not be written to."""

    message = "Insufficient permissions on image storage media: {reason}"


class DataMissing(NotFound):
    """A store does not have the bytes that it should have."""

    message = "The data of image object {key} is not in store {store}"


class DataVanished(Gone):
    """What had been written of an image's bytes was deleted before it was whole."""

    message = "The data of image object {key} was deleted during the upload"


class StoreUnknown(Invalid):
    """No store has this name."""

    message = "Store '{store}' is not configured."


class StoreReadOnly(Gone):
    """The store holds what others keep, and takes in nothing."""

    message = "Store '{store}' takes no images in: it holds what others keep."


class SourceNotActive(Conflict):
    """An image in another region has no bytes to copy now."""

    message = "The image to copy is '{status}' and not active."


class SourceSizeUnknown(Invalid):
    """The other region does not say how many bytes its image has."""

    message = "Nobody says how many bytes the image {image_id} has that is to be copied."


class DataRefused(UnsupportedMedia):
    """The bytes are not what the image says they are, or are not safe to open."""


class DataDeactivated(Forbidden):
    """An administrator has withdrawn the image's bytes from use."""

    message = "The requested image has been deactivated. Image data download is forbidden."


class RangeOutside(RangeNotSatisfiable):
    """A byte range that the data does not have."""

    message = "The Range requested is not available: {reason}"
