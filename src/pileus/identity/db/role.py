"""Roles, and which role implies which."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, select

from pileus.identity.db import extra
from pileus.identity.db.tables import NO_DOMAIN, implied_role, role
from pileus.identity.model.errors import ResourceNotFound
from pileus.identity.model.resource import Role
from pileus.kit.db import Row, Transaction
from pileus.kit.db.insert import insert_if_absent

_BY_ID = select(role).where(role.c.id == bindparam("which"))
_BY_NAME = select(role).where(role.c.name == bindparam("which"), role.c.domain_id == bindparam("domain"))
_BY_IDS = select(role).where(role.c.id.in_(bindparam("which", expanding=True))).order_by(role.c.name, role.c.id)
_ALL = select(role).order_by(role.c.name, role.c.id)
_IMPLIED = select(implied_role).order_by(*implied_role.primary_key.columns)


def get(tx: Transaction, role_id: str) -> Role:
    """Return a role. Raises ResourceNotFound."""
    found = find(tx, role_id)
    if found is None:
        raise ResourceNotFound(kind="role", id=role_id)
    return found


def find(tx: Transaction, role_id: str) -> Role | None:
    """Return a role, or None."""
    row = tx.first(_BY_ID, {"which": role_id})
    return None if row is None else _role(row)


def find_by_name(tx: Transaction, name: str, domain_id: str | None = None) -> Role | None:
    """Return the role of a name, or None."""
    row = tx.first(_BY_NAME, {"which": name, "domain": domain_id or NO_DOMAIN})
    return None if row is None else _role(row)


def get_locked(tx: Transaction, role_id: str) -> Role:
    """Return a role that nobody else changes before this transaction ends. Raises ResourceNotFound."""
    tx.lock(role.c.id, role_id)
    return get(tx, role_id)


def list_roles(tx: Transaction, *, name: str | None = None, domain_id: str | None = None) -> Sequence[Role]:
    """Return roles by name: those of a domain, or those of the whole cloud."""
    statement = select(role).where(role.c.domain_id == (domain_id or NO_DOMAIN)).order_by(role.c.name)
    if name is not None:
        statement = statement.where(role.c.name == name)
    return [_role(row) for row in tx.all(statement)]


def list_all(tx: Transaction) -> Sequence[Role]:
    """Return all roles, those of domains too."""
    return [_role(row) for row in tx.all(_ALL)]


def list_by_ids(tx: Transaction, role_ids: Collection[str]) -> Sequence[Role]:
    """Return some roles by name."""
    return [_role(row) for row in tx.all(_BY_IDS, {"which": list(role_ids)})] if role_ids else []


def add(tx: Transaction, new: Role) -> None:
    """Write a new role."""
    tx.execute(role.insert(), {"id": new.id, "domain_id": new.domain_id or NO_DOMAIN, **_values(new)})


def update(tx: Transaction, changed: Role) -> None:
    """Write a role's new values."""
    tx.execute(role.update().where(role.c.id == changed.id).values(**_values(changed)))


def delete(tx: Transaction, role_id: str) -> None:
    """Remove a role; its assignments and implications go too."""
    tx.execute(role.delete().where(role.c.id == role_id))


def implications(tx: Transaction) -> dict[str, list[str]]:
    """Return which roles each role implies."""
    implied: dict[str, list[str]] = {}
    for row in tx.all(_IMPLIED):
        implied.setdefault(row.prior_role_id, []).append(row.implied_role_id)
    return implied


def has_implication(tx: Transaction, prior_role_id: str, implied_role_id: str) -> bool:
    """Tell whether one role implies another directly."""
    return tx.first(select(implied_role).where(_is(prior_role_id, implied_role_id))) is not None


def imply(tx: Transaction, prior_role_id: str, implied_role_id: str) -> bool:
    """Let one role imply another; tell whether it did not yet."""
    return insert_if_absent(tx, implied_role, {"prior_role_id": prior_role_id, "implied_role_id": implied_role_id})


def stop_implying(tx: Transaction, prior_role_id: str, implied_role_id: str) -> bool:
    """Let one role imply another no longer; tell whether it did."""
    return bool(tx.changed(implied_role.delete().where(_is(prior_role_id, implied_role_id))))


def _is(prior_role_id: str, implied_role_id: str) -> ColumnElement[bool]:
    return and_(implied_role.c.prior_role_id == prior_role_id, implied_role.c.implied_role_id == implied_role_id)


def _values(new: Role) -> dict[str, Any]:
    return {"name": new.name, "description": new.description, "extra": extra.dump(new.extra)}


def _role(row: Row) -> Role:
    return Role(
        id=row.id,
        name=row.name,
        domain_id=row.domain_id or None,
        description=row.description,
        extra=extra.load(row.extra),
    )
