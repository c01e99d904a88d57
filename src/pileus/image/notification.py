"""What others are told of images: event types and payloads, in the original's words.

Whoever has changed something tells it himself once it is committed, be it a request or the step of an import: only he
knows what it has become. Nobody waits for it, as the notifier keeps what is to be sent. Where the bytes lie is told to
nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from pileus.image.model.image import PUBLIC, Image
from pileus.image.model.imports import FAILED_STORES, PENDING_STORES, unlisted
from pileus.image.model.member import Member
from pileus.image.model.task import Task
from pileus.kit import log
from pileus.kit.bus.notifier import ERROR, INFO, Notifier, Payload
from pileus.kit.clock import isoformat
from pileus.kit.context import Context
from pileus.kit.errors import PileusError

logger = log.get_logger("pileus.notifications")

NOT_DELETED = {"deleted": False, "deleted_at": None}
_IMAGE = (
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


class Tell(Protocol):
    """Tells others of an event."""

    def __call__(self, event_type: str, payload: Payload, priority: str = INFO) -> None:
        """Never raises, and never waits."""


def silence(event_type: str, payload: Payload, priority: str = INFO) -> None:
    """Tell nobody."""


def telling(notifier: Notifier, disabled: tuple[str, ...]) -> Tell:
    """Return what sends events, but for the `disabled`: types such as `image.send`, groups such as `image.member`."""

    def tell(event_type: str, payload: Payload, priority: str = INFO) -> None:
        if any(f"{event_type}.".startswith(f"{name}.") for name in disabled):
            return
        try:
            notifier.notify(event_type, payload, priority)
        except Exception:  # what was asked for is done, and the caller shall hear of that
            logger.exception("an event could not be told", event_type=event_type)

    return tell


def tell_failed_upload(tell: Tell, image: Image, error: BaseException) -> None:
    """Tell that an image's bytes did not get in, and why as far as that is anybody's business."""
    reason = error.reason if isinstance(error, PileusError) else "the upload was cut off, or something unexpected"
    tell("image.upload", f"Failed to upload image data for image {image.id}: {reason}", ERROR)


def of_image(image: Image) -> dict[str, Any]:
    """Return the payload of what happened to an image."""
    return {
        **{name: getattr(image, name) for name in _IMAGE},
        "created_at": isoformat(image.created_at),
        "updated_at": isoformat(image.updated_at),
        "is_public": image.visibility == PUBLIC,
        "properties": dict(image.properties),
        "tags": sorted(image.tags),
        **NOT_DELETED,
    }


def of_data(image: Image) -> dict[str, Any]:
    """Return the payload of bytes that come in: it says to which stores they are on their way, or did not get."""
    stores = {name: sorted(unlisted(image.properties.get(name, ""))) for name in (PENDING_STORES, FAILED_STORES)}
    return of_image(image) | stores


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
        **NOT_DELETED,
    }


def of_task(task: Task) -> dict[str, Any]:
    """Return the payload of what happened to a task; what it was given, and what came of it, may be secret."""
    return {
        **{name: getattr(task, name) for name in ("id", "type", "status", "owner")},
        "result": None,
        "message": None,
        "expires_at": None if task.expires_at is None else isoformat(task.expires_at),
        "created_at": isoformat(task.created_at),
        "updated_at": isoformat(task.updated_at),
        **NOT_DELETED,
    }


def of_deleted(payload: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return the payload of what is no more."""
    return {**payload, "deleted": True, "deleted_at": isoformat(now)}
