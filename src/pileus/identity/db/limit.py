"""Registered limits, and the limits of projects and domains."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select

from pileus.identity.db.tables import NO_REGION, project, project_limit, registered_limit
from pileus.identity.model.catalog_errors import LimitNotFound
from pileus.identity.model.limit import Limit, RegisteredLimit
from pileus.kit.db import Row, Transaction

_JOINED = (
    select(
        project_limit,
        project.c.is_domain,
        registered_limit.c.service_id,
        registered_limit.c.region_id,
        registered_limit.c.resource_name,
        registered_limit.c.default_limit,
        registered_limit.c.description.label("registered_description"),
    )
    .join(registered_limit, registered_limit.c.id == project_limit.c.registered_limit_id)
    .join(project, project.c.id == project_limit.c.project_id)
)

# --- registered -------------------------------------------------------------------------------------


def get_registered(tx: Transaction, limit_id: str, *, is_locked: bool = False) -> RegisteredLimit:
    """Return a registered limit; locked, nobody else changes it or its limits meanwhile. Raises LimitNotFound."""
    statement = select(registered_limit).where(registered_limit.c.id == limit_id)
    row = tx.first(statement.with_for_update() if is_locked else statement)
    if row is None:
        raise LimitNotFound(kind="registered limit", id=limit_id)
    return _registered(row)


def find_registered(
    tx: Transaction, service_id: str, region_id: str | None, resource_name: str
) -> RegisteredLimit | None:
    """Return the registered limit of a resource and lock it, or None."""
    row = tx.first(
        select(registered_limit)
        .where(
            registered_limit.c.service_id == service_id,
            registered_limit.c.region_id == (region_id or NO_REGION),
            registered_limit.c.resource_name == resource_name,
        )
        .with_for_update()
    )
    return None if row is None else _registered(row)


def list_registered(
    tx: Transaction, *, service_id: str | None = None, region_id: str | None = None, resource_name: str | None = None
) -> Sequence[RegisteredLimit]:
    """Return registered limits; each filter narrows."""
    statement = select(registered_limit).order_by(registered_limit.c.resource_name, registered_limit.c.id)
    rows = tx.all(_narrowed(statement, service_id, region_id, resource_name))
    return [_registered(row) for row in rows]


def add_registered(tx: Transaction, new: RegisteredLimit) -> None:
    """Write a new registered limit."""
    tx.execute(registered_limit.insert(), {"id": new.id, **_registered_values(new)})


def update_registered(tx: Transaction, changed: RegisteredLimit) -> None:
    """Write a registered limit's new values."""
    tx.execute(
        registered_limit.update().where(registered_limit.c.id == changed.id).values(**_registered_values(changed))
    )


def delete_registered(tx: Transaction, limit_id: str) -> None:
    """Remove a registered limit."""
    tx.execute(registered_limit.delete().where(registered_limit.c.id == limit_id))


def delete_registered_of_regions(tx: Transaction, region_ids: Collection[str]) -> None:
    """Remove the registered limits of some regions with all that depends on them."""
    tx.execute(registered_limit.delete().where(registered_limit.c.region_id.in_(region_ids)))


def has_limits(tx: Transaction, registered_id: str) -> bool:
    """Tell whether limits of projects or domains depend on a registered one."""
    counted = select(func.count()).where(project_limit.c.registered_limit_id == registered_id)
    return bool(tx.scalar(counted))


# --- of projects and domains ------------------------------------------------------------------------


def get(tx: Transaction, limit_id: str) -> Limit:
    """Return a limit. Raises LimitNotFound."""
    found = find(tx, limit_id)
    if found is None:
        raise LimitNotFound(kind="limit", id=limit_id)
    return found


def find(tx: Transaction, limit_id: str) -> Limit | None:
    """Return a limit, or None."""
    row = tx.first(_JOINED.where(project_limit.c.id == limit_id))
    return None if row is None else _limit(row)


def list_limits(
    tx: Transaction,
    *,
    service_id: str | None = None,
    region_id: str | None = None,
    resource_name: str | None = None,
    project_id: str | None = None,
    domain_id: str | None = None,
    within: ColumnElement[bool] | None = None,
) -> Sequence[Limit]:
    """Return limits; each filter narrows, and `within` is what a caller may see."""
    statement = _narrowed(_JOINED, service_id, region_id, resource_name).order_by(
        registered_limit.c.resource_name, project_limit.c.id
    )
    if project_id is not None:
        statement = statement.where(of_project(project_id))
    if domain_id is not None:
        statement = statement.where(project_limit.c.project_id == domain_id, project.c.is_domain)
    if within is not None:
        statement = statement.where(within)
    return [_limit(row) for row in tx.all(statement)]


def of_project(project_id: str) -> ColumnElement[bool]:
    """Return what is true of a project's limits."""
    return (project_limit.c.project_id == project_id) & project.c.is_domain.is_(False)


def of_projects(project_ids: Collection[str]) -> ColumnElement[bool]:
    """Return what is true of the limits of some projects."""
    return project_limit.c.project_id.in_(project_ids)


def in_domain(domain_id: str) -> ColumnElement[bool]:
    """Return what is true of the limits of a domain and of the projects in it."""
    return or_(project_limit.c.project_id == domain_id, project.c.domain_id == domain_id)


def list_of(tx: Transaction, registered_id: str, domain_id: str) -> Sequence[Limit]:
    """Return the limits of one resource in one domain: that of the domain, and those of its projects."""
    here = (project_limit.c.registered_limit_id == registered_id, in_domain(domain_id))
    return [_limit(row) for row in tx.all(_JOINED.where(*here))]


def has(tx: Transaction, registered_id: str, owner_id: str) -> bool:
    """Tell whether a project or domain has a limit of its own."""
    here = (project_limit.c.registered_limit_id == registered_id, project_limit.c.project_id == owner_id)
    return bool(tx.scalar(select(func.count()).where(*here)))


def add(tx: Transaction, new: Limit) -> None:
    """Write a new limit."""
    values = {
        "id": new.id,
        "registered_limit_id": new.registered.id,
        "project_id": new.owner_id,
        "resource_limit": new.resource_limit,
        "description": new.description,
    }
    tx.execute(project_limit.insert(), values)


def update(tx: Transaction, changed: Limit) -> None:
    """Write a limit's new values."""
    values = {"resource_limit": changed.resource_limit, "description": changed.description}
    tx.execute(project_limit.update().where(project_limit.c.id == changed.id).values(**values))


def delete(tx: Transaction, limit_id: str) -> None:
    """Remove a limit."""
    tx.execute(project_limit.delete().where(project_limit.c.id == limit_id))


# --- rows -------------------------------------------------------------------------------------------


def _narrowed(
    statement: Select[Any], service_id: str | None, region_id: str | None, resource_name: str | None
) -> Select[Any]:
    filters: Iterable[tuple[Any, str | None]] = (
        (registered_limit.c.service_id, service_id),
        (registered_limit.c.region_id, region_id),
        (registered_limit.c.resource_name, resource_name),
    )
    for column, wanted in filters:
        if wanted is not None:
            statement = statement.where(column == wanted)
    return statement


def _registered_values(new: RegisteredLimit) -> dict[str, Any]:
    return {
        "service_id": new.service_id,
        "region_id": new.region_id or NO_REGION,
        "resource_name": new.resource_name,
        "default_limit": new.default_limit,
        "description": new.description,
    }


def _registered(row: Row) -> RegisteredLimit:
    return RegisteredLimit(
        id=row.id,
        service_id=row.service_id,
        region_id=row.region_id or None,
        resource_name=row.resource_name,
        default_limit=row.default_limit,
        description=row.description,
    )


def _limit(row: Row) -> Limit:
    registered = RegisteredLimit(
        id=row.registered_limit_id,
        service_id=row.service_id,
        region_id=row.region_id or None,
        resource_name=row.resource_name,
        default_limit=row.default_limit,
        description=row.registered_description,
    )
    return Limit(
        id=row.id,
        registered=registered,
        resource_limit=row.resource_limit,
        project_id=None if row.is_domain else row.project_id,
        domain_id=row.project_id if row.is_domain else None,
        description=row.description,
    )
