"""The images that carry a server's disks from one host to another: hosts need not know each other for that.

One is for its root disk, and one for each ephemeral disk. They are ours, hidden, and there only while the server is
under way. The root disk is stored last, so once its image is active all are.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

from pileus.clients.image import ImageNotFound
from pileus.compute.messages import CarriedDisk, ImageAccess
from pileus.compute.model.image import snapshot_of
from pileus.compute.model.server import Server
from pileus.compute.workflows.guest import access_to
from pileus.compute.workflows.means import Means

_NAMESPACE = UUID("6f1dd5bb-6d0e-4a30-a6a4-1d4f0a7b7b1e")


def carrier_id(migration: str, number: int | None = None) -> str:
    """Return the id of the image that carries the root disk of what a migration moves, or this ephemeral one."""
    return str(uuid5(_NAMESPACE, migration if number is None else f"{migration} {number}"))


def make(migration: str, server: Server, means: Means) -> None:
    """Make the images, without their data."""
    for number in _numbers(server):
        image_id = carrier_id(migration, number)
        if _find_status(image_id, means) is None:
            means.images.create(
                {
                    "id": image_id,
                    "name": f"migration-{migration}",
                    "visibility": "private",
                    "os_hidden": True,
                    "disk_format": "qcow2",
                    "container_format": "bare",
                }
            )


def _numbers(server: Server) -> list[int | None]:
    """Return the ephemeral disks, and None for the root disk."""
    return [*range(sum(not disk.is_swap for disk in server.block_devices)), None]


def is_stored(migration: str, means: Means) -> bool:
    """Tell whether all disks are stored."""
    return _find_status(carrier_id(migration), means) == "active"


def _find_status(image_id: str, means: Means) -> str | None:
    """Return the image's status, or None if there is no such image."""
    try:
        return str(means.images.get(image_id)["status"])
    except ImageNotFound:
        return None


def to_fill(migration: str, server: Server, means: Means) -> dict[str, Any]:
    """Return the ways to the images for who stores the disks there, but for those that are stored already."""
    endpoint, token = means.images.endpoint(), means.images.token()
    images = {
        number: ImageAccess(image_id=carrier_id(migration, number), endpoint=endpoint, token=token)
        for number in _numbers(server)
    }
    carried = tuple(
        CarriedDisk(number=number, image=image)
        for number, image in images.items()
        if number is not None and _find_status(image.image_id, means) != "active"
    )
    return {"image": images[None], "carried": carried}


def to_read(migration: str, server: Server, means: Means) -> dict[str, Any]:
    """Return the ways to the images for who builds the server's guest of them. Raises ImageNotFound."""

    def access(number: int | None) -> ImageAccess:
        found = snapshot_of(means.images.get(carrier_id(migration, number)))
        return access_to(means, found, of=server if number is None else None)

    numbers = [number for number in _numbers(server) if number is not None]
    carried = tuple(CarriedDisk(number=number, image=access(number)) for number in numbers)
    return {"image": access(None), "carried": carried}


def remove(migration: str, server: Server, means: Means) -> None:
    """Remove the images; that there are none is no error."""
    for number in _numbers(server):
        means.images.delete(carrier_id(migration, number))
