"""A project that an image is shared with, and what it thinks of that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pileus.image.model.errors import MemberInvalid, NotShared, TooManyMembers
from pileus.image.model.image import SHARED, Image

PENDING = "pending"  # the image can be used, and is not in the member's list
ACCEPTED = "accepted"  # it is in the list
REJECTED = "rejected"
STATUSES = (PENDING, ACCEPTED, REJECTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One project's membership of one image."""

    image_id: str
    member_id: str  # a project
    status: str = PENDING
    created_at: datetime
    updated_at: datetime


def require_shared(image: Image) -> None:
    """Raise NotShared."""
    if image.visibility != SHARED:
        raise NotShared


def is_seen_by(member: Member, image: Image, project_id: str | None, *, is_admin: bool) -> bool:
    """Tell whether a caller may know of a membership: his own, and all of his own image."""
    return is_admin or project_id in (member.member_id, image.owner)


def require_status(status: object) -> None:
    """Raise MemberInvalid."""
    if status not in STATUSES:
        raise MemberInvalid('Incorrect request: Status must be "pending", "accepted" or "rejected".')


def require_member_count(count: int, maximum: int) -> None:
    """Raise TooManyMembers; a negative maximum is no limit."""
    if 0 <= maximum < count:
        raise TooManyMembers(attempted=count, maximum=maximum)
