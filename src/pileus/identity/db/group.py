"""Groups, and who is in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select

from pileus.identity.db import extra
from pileus.identity.db.listing import ALL, Asked, Filters, apply
from pileus.identity.db.tables import group, membership
from pileus.identity.model.errors import MembershipNotFound, ResourceNotFound
from pileus.identity.model.resource import Group
from pileus.kit.db import Row, Transaction
from pileus.kit.db.insert import insert_if_absent

FILTERS: Filters = {"domain_id": group.c.domain_id, "name": group.c.name}
_BY_ID = select(group).where(group.c.id == bindparam("which"))
_BY_NAME = select(group).where(group.c.name == bindparam("which"), group.c.domain_id == bindparam("domain"))
_IS_MEMBER = (membership.c.group_id == bindparam("group"), membership.c.user_id == bindparam("user"))
_MEMBERSHIP = select(membership).where(*_IS_MEMBER)


def get(tx: Transaction, group_id: str) -> Group:
    """Return a group. Raises ResourceNotFound."""
    found = find(tx, group_id)
    if found is None:
        raise ResourceNotFound(kind="group", id=group_id)
    return found


def find(tx: Transaction, group_id: str) -> Group | None:
    """Return a group, or None."""
    row = tx.first(_BY_ID, {"which": group_id})
    return None if row is None else _group(row)


def find_by_name(tx: Transaction, name: str, domain_id: str) -> Group | None:
    """Return the group of a name in a domain, or None."""
    row = tx.first(_BY_NAME, {"which": name, "domain": domain_id})
    return None if row is None else _group(row)


def get_locked(tx: Transaction, group_id: str) -> Group:
    """Return a group that nobody else changes before this transaction ends. Raises ResourceNotFound."""
    tx.lock(group.c.id, group_id)
    return get(tx, group_id)


def list_groups(
    tx: Transaction, *, domain_id: str | None = None, user_id: str | None = None, asked: Asked = ALL
) -> Sequence[Group]:
    """Return groups by id: those of a domain, those that a user is in. Raises MarkerNotFound."""
    statement = select(group)
    if domain_id is not None:
        statement = statement.where(group.c.domain_id == domain_id)
    if user_id is not None:
        within = select(membership.c.group_id).where(membership.c.user_id == user_id)
        statement = statement.where(group.c.id.in_(within))
    return [_group(row) for row in tx.all(apply(tx, statement, group.c.id, FILTERS, asked))]


def add(tx: Transaction, new: Group) -> None:
    """Write a new group."""
    tx.execute(group.insert(), {"id": new.id, "domain_id": new.domain_id, **_values(new)})


def update(tx: Transaction, changed: Group) -> None:
    """Write a group's new values."""
    tx.execute(group.update().where(group.c.id == changed.id).values(**_values(changed)))


def delete(tx: Transaction, group_id: str) -> None:
    """Remove a group; who was in it, and its roles, go too."""
    tx.execute(group.delete().where(group.c.id == group_id))


def has_member(tx: Transaction, group_id: str, user_id: str) -> bool:
    """Tell whether a user is in a group."""
    return tx.first(_MEMBERSHIP, {"group": group_id, "user": user_id}) is not None


def add_member(tx: Transaction, group_id: str, user_id: str) -> None:
    """Put a user into a group; who is in it stays."""
    insert_if_absent(tx, membership, {"group_id": group_id, "user_id": user_id})


def remove_member(tx: Transaction, group_id: str, user_id: str) -> None:
    """Take a user out of a group. Raises MembershipNotFound."""
    if not tx.changed(membership.delete().where(*_IS_MEMBER), {"group": group_id, "user": user_id}):
        raise MembershipNotFound(user_id=user_id, group_id=group_id)


def _values(new: Group) -> dict[str, Any]:
    return {"name": new.name, "description": new.description, "extra": extra.dump(new.extra)}


def _group(row: Row) -> Group:
    return Group(
        id=row.id,
        name=row.name,
        domain_id=row.domain_id,
        description=row.description,
        extra=extra.load(row.extra),
    )
