"""Domains."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select

from pileus.identity.db import effective, extra, tag
from pileus.identity.db.listing import ALL, Asked, Filters, apply
from pileus.identity.db.tables import NO_DOMAIN, assignment, group, project, role, user
from pileus.identity.model.assignment import TargetKind
from pileus.identity.model.errors import ResourceNotFound
from pileus.identity.model.resource import Domain
from pileus.kit.db import Row, Transaction

FILTERS: Filters = {
    "name": project.c.name,
    "enabled": project.c.is_enabled,
    "description": project.c.description,
}

_BY_ID = select(project).where(project.c.id == bindparam("which"), project.c.is_domain)
_BY_NAME = select(project).where(project.c.name == bindparam("which"), project.c.is_domain)


def get(tx: Transaction, domain_id: str) -> Domain:
    """Return a domain. Raises ResourceNotFound."""
    domain = find(tx, domain_id)
    if domain is None:
        raise ResourceNotFound(kind="domain", id=domain_id)
    return domain


def find(tx: Transaction, domain_id: str) -> Domain | None:
    """Return a domain, or None."""
    row = tx.first(_BY_ID, {"which": domain_id})
    return None if row is None else _domain(row)


def find_by_name(tx: Transaction, name: str) -> Domain | None:
    """Return the domain of a name, or None."""
    row = tx.first(_BY_NAME, {"which": name})
    return None if row is None else _domain(row)


def get_locked(tx: Transaction, domain_id: str) -> Domain:
    """Return a domain that nobody else changes before this transaction ends. Raises ResourceNotFound."""
    tx.lock(project.c.id, domain_id)
    return get(tx, domain_id)


def find_locked(tx: Transaction, domain_id: str) -> Domain | None:
    """Return a domain that nobody else changes before this transaction ends, or None."""
    tx.lock(project.c.id, domain_id)
    return find(tx, domain_id)


def list_domains(
    tx: Transaction,
    asked: Asked = ALL,
    *,
    domain_id: str | None = None,
    is_enabled: bool | None = None,
    user_id: str | None = None,
) -> Sequence[Domain]:
    """Return domains; with `user_id` only those on which the user has a role in effect. Raises MarkerNotFound."""
    statement = select(project).where(project.c.is_domain)
    if domain_id is not None:
        statement = statement.where(project.c.id == domain_id)
    if is_enabled is not None:
        statement = statement.where(project.c.is_enabled == is_enabled)
    if user_id is not None:
        statement = statement.where(effective.has_role_on_domain(user_id))
    return [_domain(row) for row in tx.all(apply(tx, statement, project.c.id, FILTERS, asked))]


def add(tx: Transaction, domain: Domain) -> None:
    """Write a new domain."""
    tx.execute(project.insert(), {"id": domain.id, "is_domain": True, "domain_id": NO_DOMAIN, **_values(domain)})


def update(tx: Transaction, domain: Domain) -> None:
    """Write a domain's new values."""
    tx.execute(project.update().where(project.c.id == domain.id).values(**_values(domain)))


def delete(tx: Transaction, domain_id: str) -> None:
    """Remove a domain with everything in it, and the roles on all of that."""
    inside = select(project.c.id).where(project.c.domain_id == domain_id)
    for table in (user, group):
        tx.execute(table.delete().where(table.c.domain_id == domain_id))
    tx.execute(user.update().where(user.c.default_project_id.in_(inside)).values(default_project_id=None))
    tx.execute(
        assignment.delete().where(assignment.c.target_kind == TargetKind.PROJECT, assignment.c.target_id.in_(inside))
    )
    tx.execute(assignment.delete().where(assignment.c.target_id == domain_id))
    tx.execute(project.delete().where(project.c.domain_id == domain_id))
    tx.execute(role.delete().where(role.c.domain_id == domain_id))
    tx.execute(project.delete().where(project.c.id == domain_id, project.c.is_domain))


def _values(domain: Domain) -> dict[str, Any]:
    return {
        "name": domain.name,
        "is_enabled": domain.is_enabled,
        "description": domain.description,
        "tags": tag.dump(domain.tags),
        "extra": extra.dump(domain.extra),
    }


def _domain(row: Row) -> Domain:
    return Domain(
        id=row.id,
        name=row.name,
        description=row.description,
        is_enabled=row.is_enabled,
        tags=tag.load(row.tags),
        extra=extra.load(row.extra),
    )
