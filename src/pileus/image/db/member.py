"""Projects that an image is shared with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.exc import IntegrityError

from pileus.image.db import tables
from pileus.image.model.errors import MemberExists
from pileus.image.model.member import Member
from pileus.kit.db import Transaction

_t = tables.image_member
_OF_IMAGE = select(_t).where(_t.c.image_id == bindparam("of_image"))
_LIST = _OF_IMAGE.order_by(_t.c.created_at, _t.c.member_id)
_FIND = _OF_IMAGE.where(_t.c.member_id == bindparam("of_member"))
_COUNT = select(func.count()).select_from(_t).where(_t.c.image_id == bindparam("of_image"))
_UPDATE = (
    _t.update()
    .where(_t.c.image_id == bindparam("of_image"), _t.c.member_id == bindparam("of_member"))
    .values(status=bindparam("new_status"), updated_at=bindparam("now"))
)
_DELETE = _t.delete().where(_t.c.image_id == bindparam("of_image"), _t.c.member_id == bindparam("of_member"))


def list_members(tx: Transaction, image_id: str) -> Sequence[Member]:
    """Return an image's members, oldest first."""
    return [Member(**row._mapping) for row in tx.all(_LIST, {"of_image": image_id})]  # noqa: SLF001


def find(tx: Transaction, image_id: str, member_id: str) -> Member | None:
    """Return one membership, or None."""
    row = tx.first(_FIND, {"of_image": image_id, "of_member": member_id})
    return None if row is None else Member(**row._mapping)  # noqa: SLF001


def count(tx: Transaction, image_id: str) -> int:
    """Return how many members an image has."""
    return int(tx.scalar(_COUNT, {"of_image": image_id}))


def insert(tx: Transaction, member: Member) -> None:
    """Add a membership. Raises MemberExists."""
    values = {name: getattr(member, name) for name in ("image_id", "member_id", "status", "created_at", "updated_at")}
    try:
        tx.execute(_t.insert(), values)
    except IntegrityError:
        raise MemberExists(image_id=member.image_id, member_id=member.member_id) from None


def update(tx: Transaction, image_id: str, member_id: str, status: str, now: datetime) -> bool:
    """Set a membership's status; tell whether it exists."""
    parameters = {"of_image": image_id, "of_member": member_id, "new_status": status, "now": now}
    return bool(tx.changed(_UPDATE, parameters))


def delete(tx: Transaction, image_id: str, member_id: str) -> bool:
    """End a membership; tell whether it existed."""
    return bool(tx.changed(_DELETE, {"of_image": image_id, "of_member": member_id}))
