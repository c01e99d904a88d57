"""Users."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, or_, select

from pileus.identity.db import extra
from pileus.identity.db.extension_tables import federated_user
from pileus.identity.db.listing import ALL, Asked, Filters, apply, condition
from pileus.identity.db.tables import membership, old_password, user
from pileus.identity.model.errors import ResourceNotFound
from pileus.identity.model.resource import User
from pileus.kit.db import Row, Transaction

FILTERS: Filters = {
    "domain_id": user.c.domain_id,
    "enabled": user.c.is_enabled,
    "name": user.c.name,
    "password_expires_at": user.c.password_expires_at,
    "idp_id": federated_user.c.idp_id,
    "protocol_id": federated_user.c.protocol_id,
    "unique_id": federated_user.c.unique_id,
}
_FEDERATED = ("idp_id", "protocol_id", "unique_id")  # of the same record
_BY_ID = select(user).where(user.c.id == bindparam("which"))
_BY_NAME = select(user).where(user.c.name == bindparam("which"), user.c.domain_id == bindparam("domain"))
_TOUCH = (
    user.update()
    .where(
        user.c.id == bindparam("which"),
        or_(user.c.last_active_at.is_(None), user.c.last_active_at < bindparam("today")),
    )
    .values(last_active_at=bindparam("now"))
)
_OLD_HASHES = (
    select(old_password.c.password_hash)
    .where(old_password.c.user_id == bindparam("which"))
    .order_by(old_password.c.id.desc())
)
_OLD_IDS = (
    select(old_password.c.id).where(old_password.c.user_id == bindparam("which")).order_by(old_password.c.id.desc())
)


def get(tx: Transaction, user_id: str) -> User:
    """Return a user. Raises ResourceNotFound."""
    found = find(tx, user_id)
    if found is None:
        raise ResourceNotFound(kind="user", id=user_id)
    return found


def find(tx: Transaction, user_id: str) -> User | None:
    """Return a user, or None."""
    row = tx.first(_BY_ID, {"which": user_id})
    return None if row is None else _user(row)


def find_by_name(tx: Transaction, name: str, domain_id: str) -> User | None:
    """Return the user of a name in a domain, or None."""
    row = tx.first(_BY_NAME, {"which": name, "domain": domain_id})
    return None if row is None else _user(row)


def get_locked(tx: Transaction, user_id: str) -> User:
    """Return a user that nobody else changes before this transaction ends. Raises ResourceNotFound."""
    tx.lock(user.c.id, user_id)
    return get(tx, user_id)


def list_users(
    tx: Transaction, *, domain_id: str | None = None, group_id: str | None = None, asked: Asked = ALL
) -> Sequence[User]:
    """Return users by id: those of a domain, those in a group. Raises MarkerNotFound."""
    statement = select(user)
    if domain_id is not None:
        statement = statement.where(user.c.domain_id == domain_id)
    if group_id is not None:
        members = select(membership.c.user_id).where(membership.c.group_id == group_id)
        statement = statement.where(user.c.id.in_(members))
    federated = [condition(tx, FILTERS, each) for each in asked.filters if each.name in _FEDERATED]
    if federated:
        statement = statement.where(user.c.id.in_(select(federated_user.c.user_id).where(*federated)))
        asked = replace(asked, filters=tuple(each for each in asked.filters if each.name not in _FEDERATED))
    return [_user(row) for row in tx.all(apply(tx, statement, user.c.id, FILTERS, asked))]


def add(tx: Transaction, new: User) -> None:
    """Write a new user."""
    tx.execute(user.insert(), {"id": new.id, "domain_id": new.domain_id, "created_at": new.created_at, **_values(new)})


def update(tx: Transaction, changed: User) -> None:
    """Write a user's new values."""
    tx.execute(user.update().where(user.c.id == changed.id).values(**_values(changed)))


def touch(tx: Transaction, user_id: str, now: datetime) -> None:
    """Note that a user was here; once a day is enough."""
    tx.execute(_TOUCH, {"which": user_id, "now": now, "today": datetime(now.year, now.month, now.day)})


def delete(tx: Transaction, user_id: str) -> None:
    """Remove a user; the user's roles go too."""
    tx.execute(user.delete().where(user.c.id == user_id))


def list_old_hashes(tx: Transaction, user_id: str, count: int) -> Sequence[str]:
    """Return the hashes of the last `count` passwords that a user had before the present one, the newest first."""
    return [row.password_hash for row in tx.all(_OLD_HASHES.limit(count), {"which": user_id})] if count else []


def remember_hash(tx: Transaction, user_id: str, password_hash: str, count: int) -> None:
    """Keep the hash of a password that a user has no longer, and of its forerunners so many that there are `count`."""
    if count:
        tx.execute(old_password.insert(), {"user_id": user_id, "password_hash": password_hash})
    last = tx.first(_OLD_IDS.offset(count).limit(1), {"which": user_id})
    if last is not None:
        tx.execute(old_password.delete().where(old_password.c.user_id == user_id, old_password.c.id <= last.id))


def _values(new: User) -> dict[str, Any]:
    return {
        "name": new.name,
        "password_hash": new.password_hash,
        "default_project_id": new.default_project_id,
        "is_enabled": new.is_enabled,
        "description": new.description,
        "tokens_valid_after": new.tokens_valid_after,
        "password_created_at": new.password_created_at,
        "password_expires_at": new.password_expires_at,
        "is_password_own": new.is_password_own,
        "last_active_at": new.last_active_at,
        "extra": extra.dump(new.extra),
    }


def _user(row: Row) -> User:
    return User(
        id=row.id,
        name=row.name,
        domain_id=row.domain_id,
        password_hash=row.password_hash,
        default_project_id=row.default_project_id,
        description=row.description,
        is_enabled=row.is_enabled,
        tokens_valid_after=row.tokens_valid_after,
        password_created_at=row.password_created_at,
        password_expires_at=row.password_expires_at,
        is_password_own=row.is_password_own,
        created_at=row.created_at,
        last_active_at=row.last_active_at,
        extra=extra.load(row.extra),
    )
