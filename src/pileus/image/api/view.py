"""Images as callers see them."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from pileus.image.model.image import Image
from pileus.kit.clock import isoformat

_AS_THEY_ARE = (
    "name",
    "disk_format",
    "container_format",
    "visibility",
    "size",
    "virtual_size",
    "status",
    "checksum",
    "protected",
    "min_ram",
    "min_disk",
    "owner",
    "os_hidden",
    "os_hash_algo",
    "os_hash_value",
    "id",
)


_attributes = attrgetter(*_AS_THEY_ARE)


def path(image_id: str) -> str:
    """Return the path of an image."""
    return f"/v2/images/{image_id}"


def view(image: Image) -> dict[str, Any]:
    """Return an image as a document; its own properties stand beside those that every image has."""
    document: dict[str, Any] = dict(image.properties)
    document.update(zip(_AS_THEY_ARE, _attributes(image), strict=True))
    document["created_at"] = isoformat(image.created_at)
    document["updated_at"] = isoformat(image.updated_at)
    document["tags"] = sorted(image.tags)
    document["self"] = path(image.id)
    document["file"] = f"{path(image.id)}/file"
    document["schema"] = "/v2/schemas/image"
    return document
