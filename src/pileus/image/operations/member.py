"""Sharing an image with projects."""

from __future__ import annotations

from datetime import datetime

from pileus.image.db import image as images
from pileus.image.db import member as members
from pileus.image.model.errors import MemberNotFound
from pileus.image.model.image import Limits
from pileus.image.model.member import Member, require_member_count, require_shared, require_status
from pileus.kit.db import Transaction


def add(tx: Transaction, image_id: str, member_id: str, limits: Limits, now: datetime) -> Member:
    """Share an image. Raises ImageNotFound, NotShared, MemberExists, TooManyMembers."""
    require_shared(images.get_locked(tx, image_id, now))
    require_member_count(members.count(tx, image_id) + 1, limits.members)
    member = Member(image_id=image_id, member_id=member_id, created_at=now, updated_at=now)
    members.insert(tx, member)
    return member


def answer(tx: Transaction, image_id: str, member_id: str, status: str, now: datetime) -> Member:
    """Say what the member thinks of it. Raises ImageNotFound, NotShared, MemberNotFound, MemberInvalid."""
    require_shared(images.get(tx, image_id))
    require_status(status)
    if not members.update(tx, image_id, member_id, status, now):
        raise MemberNotFound(image_id=image_id, member_id=member_id)
    member = members.find(tx, image_id, member_id)
    assert member is not None
    return member


def remove(tx: Transaction, image_id: str, member_id: str, now: datetime) -> Member:
    """Share an image no longer; return what the membership was. Raises ImageNotFound, NotShared, MemberNotFound."""
    require_shared(images.get_locked(tx, image_id, now))
    member = members.find(tx, image_id, member_id)
    if member is None or not members.delete(tx, image_id, member_id):
        raise MemberNotFound(image_id=image_id, member_id=member_id)
    return member
