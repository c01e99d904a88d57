"""Refusals about images that servers are to be made of."""

from __future__ import annotations

from pileus.kit.errors import Forbidden, Invalid


class ImageNotFound(Invalid):
    """A body names an image that does not exist."""

    message = "Can not find requested image"


class ImageNotActive(Invalid):
    """The image has no data that could be booted from."""

    message = "Image {image_id} is not active."


class FlavorMemoryTooSmall(Invalid):
    """The image needs more memory than the flavor has."""

    message = "Flavor's memory is too small for requested image."


class FlavorDiskTooSmall(Invalid):
    """The image does not fit on the flavor's root disk."""

    message = (
        "Flavor's disk is too small for requested image. "
        "Flavor disk is {flavor_bytes} bytes, image is {image_bytes} bytes."
    )


class ZeroDiskRefused(Forbidden):
    """The flavor leaves it to the image how large the root disk is, and the caller may not take such a flavor."""

    message = "Only volume-backed servers are allowed for flavors with zero disk."


class FlavorDiskSmallerThanMinDisk(Invalid):
    """The image asks for a larger root disk than the flavor has."""

    message = (
        "Flavor's disk is smaller than the minimum size specified in image metadata. "
        "Flavor disk is {flavor_bytes} bytes, minimum size is {image_bytes} bytes."
    )
