"""What others are told of images: event types and payloads, in the original's words.

Whoever has changed something tells it once it is committed. Where the bytes lie is told to nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pileus.image.backend import Tell
from pileus.image.model.image import PUBLIC, Image
from pileus.image.model.member import Member
from pileus.kit import log
from pileus.kit.bus.notifier import Notifier
from pileus.kit.clock import isoformat
from pileus.kit.context import Context

logger = log.get_logger("pileus.notifications")

_NOT_DELETED = {"deleted": False, "deleted_at": None}
_IMPORT: dict[str, list[str]] = {"os_glance_importing_to_stores": [], "os_glance_failed_import": []}
_AS_THEY_ARE = (
    "id",
    "name",
    "status",
    "min_disk",
    "min_ram",
    "protected",
    "checksum",
    "owner",
    "disk_format",
    "container_format",
    "size",
    "virtual_size",
    "visibility",
)


def telling(notifier: Notifier, disabled: tuple[str, ...]) -> Tell:
    """Return what sends events, but for the `disabled`: types such as `image.send`, groups such as `image.member`."""

    def tell(event_type: str, payload: Mapping[str, Any]) -> None:
        if any(f"{event_type}.".startswith(f"{name}.") for name in disabled):
            return
        try:
            notifier.notify(event_type, payload)
        except Exception:  # what was asked for is done, and the caller shall hear of that
            logger.exception("an event could not be told", event_type=event_type)

    return tell


def of_image(image: Image) -> dict[str, Any]:
    """Return the payload of what happened to an image."""
    return {
        **{name: getattr(image, name) for name in _AS_THEY_ARE},
        "created_at": isoformat(image.created_at),
        "updated_at": isoformat(image.updated_at),
        "is_public": image.visibility == PUBLIC,
        "properties": dict(image.properties),
        "tags": sorted(image.tags),
        **_NOT_DELETED,
    }


def of_data(image: Image) -> dict[str, Any]:
    """Return the payload of bytes that come in."""
    return of_image(image) | _IMPORT


def of_sending(image: Image, length: int, receiver: Context) -> dict[str, Any]:
    """Return the payload of bytes that go out."""
    return {
        "bytes_sent": length,
        "image_id": image.id,
        "owner_id": image.owner,
        "receiver_tenant_id": receiver.project_id,
        "receiver_user_id": receiver.user_id,
    }


def of_member(member: Member) -> dict[str, Any]:
    """Return the payload of what happened to a membership."""
    return {
        "image_id": member.image_id,
        "member_id": member.member_id,
        "status": member.status,
        "created_at": isoformat(member.created_at),
        "updated_at": isoformat(member.updated_at),
        **_NOT_DELETED,
    }


def of_deleted(payload: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return the payload of what is no more."""
    return {**payload, "deleted": True, "deleted_at": isoformat(now)}
