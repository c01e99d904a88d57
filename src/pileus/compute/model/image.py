"""Images, as far as servers are made of them and make new ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pileus.compute.model.error.image import (
    FlavorDiskSmallerThanMinDisk,
    FlavorDiskTooSmall,
    FlavorMemoryTooSmall,
    ImageNotActive,
)
from pileus.compute.model.flavor import Flavor
from pileus.compute.model.server import ImageSnapshot, Server

GIB = 2**30

_MEMBERS = frozenset(
    (
        "id", "name", "status", "visibility", "size", "virtual_size", "disk_format", "container_format", "min_ram",
        "min_disk", "checksum", "os_hash_algo", "os_hash_value", "os_hidden", "owner", "protected", "tags",
        "created_at", "updated_at", "self", "file", "schema", "direct_url", "locations", "stores",
    )
)  # fmt: skip
"""What every image's document has; the rest are properties."""

_OF_ONE_IMAGE = frozenset((
    "image_type", "instance_uuid", "user_id", "base_image_ref", "owner_id", "image_state",
    "img_signature", "img_signature_hash_method", "img_signature_key_type", "img_signature_certificate_uuid",
    "cinder_encryption_key_id", "cinder_encryption_key_deletion_policy", "cache_in_nova", "bittorrent",
))  # fmt: skip
_OF_IMAGE_SERVICE = "os_glance"
"""Properties that say where an image came from, or sign its bytes, so that a snapshot does not inherit them.

Those that begin with the second are the image service's own, and nobody else may write them.
"""


def snapshot_of(document: Mapping[str, Any]) -> ImageSnapshot:
    """Return what a server keeps of an image. Raises ImageNotActive."""
    if document.get("status", "active") != "active":
        raise ImageNotActive(image_id=document["id"])
    return ImageSnapshot(
        id=document["id"],
        disk_format=document.get("disk_format") or "raw",
        container_format=document.get("container_format") or "bare",
        min_ram_mb=document.get("min_ram") or 0,
        min_disk_gb=document.get("min_disk") or 0,
        size_bytes=document.get("size"),
        os_hash_algo=document.get("os_hash_algo"),
        os_hash_value=document.get("os_hash_value"),
        properties={name: value for name, value in document.items() if name not in _MEMBERS},
    )


def require_fits(image: ImageSnapshot, flavor: Flavor) -> None:
    """Raise FlavorMemoryTooSmall, FlavorDiskTooSmall or FlavorDiskSmallerThanMinDisk unless the image fits."""
    if flavor.memory_mb < image.min_ram_mb:
        raise FlavorMemoryTooSmall
    if flavor.root_gb == 0:  # the disk is as large as the image
        return
    root_bytes = flavor.root_gb * GIB
    if (image.size_bytes or 0) > root_bytes:
        raise FlavorDiskTooSmall(flavor_bytes=root_bytes, image_bytes=image.size_bytes)
    if image.min_disk_gb > flavor.root_gb:
        raise FlavorDiskSmallerThanMinDisk(flavor_bytes=root_bytes, image_bytes=image.min_disk_gb * GIB)


def attributes_of_snapshot(server: Server, name: str, properties: Mapping[str, str]) -> dict[str, Any]:
    """Return the document of the image that a server's root disk shall become."""
    image = server.image
    known = {} if image is None else image.properties
    inherited = {key: str(value) for key, value in known.items() if value is not None and _is_inherited(key)}
    origin = {"instance_uuid": server.id, "user_id": server.user_id}
    if image is not None:
        origin["base_image_ref"] = image.id
    return {
        **inherited,
        "image_type": "snapshot",
        **properties,
        **origin,
        "name": name,
        "visibility": "private",
        "disk_format": "qcow2",
        "container_format": "bare",
        "min_disk": max(server.flavor.root_gb, image.min_disk_gb if image else 0),
        "min_ram": image.min_ram_mb if image else 0,
    }


def _is_inherited(name: str) -> bool:
    return name not in _OF_ONE_IMAGE and not name.startswith(_OF_IMAGE_SERVICE)
