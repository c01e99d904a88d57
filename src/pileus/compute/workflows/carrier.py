"""The image that carries a server's disk from one host to another: hosts need not know each other for that.

It is ours, hidden, and there only while the server is under way.
"""

from __future__ import annotations

from uuid import UUID, uuid5

from pileus.clients.image import ImageNotFound
from pileus.compute.messages import ImageAccess
from pileus.compute.model.image import snapshot_of
from pileus.compute.model.server import Server
from pileus.compute.workflows.guest import access_to
from pileus.compute.workflows.means import Means

_NAMESPACE = UUID("6f1dd5bb-6d0e-4a30-a6a4-1d4f0a7b7b1e")


def carrier_id(migration: str) -> str:
    """Return the id of the image that carries what a migration moves."""
    return str(uuid5(_NAMESPACE, migration))


def make(migration: str, means: Means) -> None:
    """Make the image, without its data."""
    image_id = carrier_id(migration)
    if find_status(migration, means) is None:
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


def find_status(migration: str, means: Means) -> str | None:
    """Return the image's status, or None if there is no such image."""
    try:
        return str(means.images.get(carrier_id(migration))["status"])
    except ImageNotFound:
        return None


def to_fill(migration: str, means: Means) -> ImageAccess:
    """Return the way to the image for who stores the disk there."""
    return ImageAccess(
        image_id=carrier_id(migration), endpoint=means.images.endpoint(), token=means.images.token()
    )  # fmt: skip


def to_read(migration: str, means: Means, server: Server) -> ImageAccess:
    """Return the way to the image for who builds the server's guest of it. Raises ImageNotFound."""
    return access_to(means, snapshot_of(means.images.get(carrier_id(migration))), of=server)


def remove(migration: str, means: Means) -> None:
    """Remove the image; that there is none is no error."""
    means.images.delete(carrier_id(migration))
