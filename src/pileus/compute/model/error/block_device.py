"""Refusals about the disks that a server is to have."""

from __future__ import annotations

from pileus.kit.errors import Invalid


class BlockDeviceInvalid(Invalid):
    """The block device mapping asks for a volume, and there is no volume service."""

    message = "Block Device Mapping is Invalid: {reason}"


class BootSequenceInvalid(BlockDeviceInvalid):
    """The boot indexes do not count up from 0."""

    message = (
        "Block Device Mapping is Invalid: Boot sequence for the instance and image/block device mapping combination "
        "is not valid."
    )


class TooManyLocalDisks(BlockDeviceInvalid):
    """A server may not have so many disks on its host."""

    message = "Block Device Mapping is Invalid: You specified more local devices than the limit allows"


class EphemeralTooLarge(BlockDeviceInvalid):
    """The disks ask for more than the flavor has."""

    message = (
        "Ephemeral disks requested are larger than the instance type allows. If no size is given in one block device "
        "mapping, flavor ephemeral size will be used."
    )


class DiskShrinks(BlockDeviceInvalid):
    """A server is to be resized to less than it has on its ephemeral disks."""

    message = "Resize error: Unable to resize disk down."


class SwapTooLarge(BlockDeviceInvalid):
    """The swap disk asks for more than the flavor has."""

    message = "Swap drive requested is larger than instance type allows."
