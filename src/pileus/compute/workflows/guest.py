"""What an order says of a guest, and of the image that it is built on."""

from __future__ import annotations

from dataclasses import replace

from pileus.compute.db import held_topology
from pileus.compute.messages import GuestDisk, GuestSpec, ImageAccess
from pileus.compute.model.server import ImageSnapshot, Server
from pileus.compute.workflows.hardware import hardware_of
from pileus.compute.workflows.means import Means


def spec_of(means: Means, asking: Server, image: ImageSnapshot | None = None) -> GuestSpec:
    """Return what the hypervisor is to build, of the server's image or of another. Raises StepFailed."""
    with means.database.read() as tx:
        topology = held_topology.find(tx, asking.id)
    return GuestSpec(
        server_id=asking.id,
        name=asking.name,
        hostname=asking.hostname,
        vcpus=asking.flavor.vcpus,
        memory_mb=asking.flavor.memory_mb,
        root_gb=asking.flavor.root_gb,
        project_id=asking.project_id,
        user_id=asking.user_id,
        flavor_name=asking.flavor.name,
        availability_zone=asking.availability_zone or "nova",
        key_name=asking.key_name,
        public_key=asking.public_key,
        user_data=asking.user_data,
        metadata=dict(asking.metadata),
        launch_index=asking.launch_index,
        disks=tuple(GuestDisk(size_mb=disk.size_mb, is_swap=disk.is_swap) for disk in asking.block_devices),
        personality=dict(asking.personality),
        hardware=hardware_of(image or asking.image, asking.flavor),
        topology=topology,
    )


def access_to(means: Means, image: ImageSnapshot, *, of: Server | None = None) -> ImageAccess:
    """Return the way to an image, with a token of our own.

    An image that holds a disk `of` a server is booted by what boots the image that the server was made of.
    """
    if of is not None and of.image is not None:
        image = replace(image, kernel=of.image.kernel, ramdisk=of.image.ramdisk)
    return image_access(image, means.images.endpoint(), means.images.token())


def image_access(image: ImageSnapshot, endpoint: str, token: str) -> ImageAccess:
    """Return the way to an image at an image service."""
    return ImageAccess(
        image_id=image.id,
        endpoint=endpoint,
        token=token,
        disk_format=image.disk_format,
        container_format=image.container_format,
        hash_algorithm=image.os_hash_algo,
        hash_value=image.os_hash_value,
        size_bytes=image.size_bytes,
        kernel=image_access(image.kernel, endpoint, token) if image.kernel else None,
        ramdisk=image_access(image.ramdisk, endpoint, token) if image.ramdisk else None,
    )
