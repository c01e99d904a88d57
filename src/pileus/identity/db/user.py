"""Users."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select

from pileus.identity.db import extra
from pileus.identity.db.tables import user
from pileus.identity.model.errors import ResourceNotFound
from pileus.identity.model.resource import User
from pileus.kit.db import Row, Transaction

_LOCK = select(user.c.id).where(user.c.id == bindparam("which")).with_for_update()
_BY_ID = select(user).where(user.c.id == bindparam("which"))
_BY_NAME = select(user).where(user.c.name == bindparam("which"), user.c.domain_id == bindparam("domain"))


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
    tx.execute(_LOCK, {"which": user_id})
    return get(tx, user_id)


def list_users(
    tx: Transaction, *, domain_id: str | None = None, name: str | None = None, is_enabled: bool | None = None
) -> Sequence[User]:
    """Return users by name."""
    statement = select(user).order_by(user.c.name, user.c.id)
    for column, wanted in ((user.c.domain_id, domain_id), (user.c.name, name), (user.c.is_enabled, is_enabled)):
        if wanted is not None:
            statement = statement.where(column == wanted)
    return [_user(row) for row in tx.all(statement)]


def add(tx: Transaction, new: User) -> None:
    """Write a new user."""
    tx.execute(user.insert(), {"id": new.id, "domain_id": new.domain_id, **_values(new)})


def update(tx: Transaction, changed: User) -> None:
    """Write a user's new values."""
    tx.execute(user.update().where(user.c.id == changed.id).values(**_values(changed)))


def delete(tx: Transaction, user_id: str) -> None:
    """Remove a user; the user's roles go too."""
    tx.execute(user.delete().where(user.c.id == user_id))


def _values(new: User) -> dict[str, Any]:
    return {
        "name": new.name,
        "password_hash": new.password_hash,
        "default_project_id": new.default_project_id,
        "is_enabled": new.is_enabled,
        "description": new.description,
        "tokens_valid_after": new.tokens_valid_after,
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
        extra=extra.load(row.extra),
    )
