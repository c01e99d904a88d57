"""Saying how much of a resource there is for each project, and how much for one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pileus.identity.db import catalog, domain, limit, project
from pileus.identity.model.catalog_errors import LimitUnregistered, RegisteredLimitInUse
from pileus.identity.model.errors import EntryTaken, Fixed, RequiredField, ResourceNotFound
from pileus.identity.model.limit import EnforcementModel, Limit, RegisteredLimit, require_within
from pileus.identity.operations.change import Changes
from pileus.kit.db import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitWish:
    """A limit as somebody asks for it: of what, for whom (one of the two ids), how much."""

    id: str
    service_id: str
    region_id: str | None
    resource_name: str
    resource_limit: int
    project_id: str | None = None
    domain_id: str | None = None
    description: str | None = None


# --- registered -------------------------------------------------------------------------------------


def create_registered(tx: Transaction, new: Sequence[RegisteredLimit]) -> Sequence[RegisteredLimit]:
    """Add registered limits: all of them, or none. Raises RequiredField, EntryTaken."""
    for each in new:
        _require_parts(tx, each.service_id, each.region_id, "registered_limit")
    for each in new:
        _require_free(tx, each)
        limit.add_registered(tx, each)
    return new


def update_registered(tx: Transaction, limit_id: str, changes: Changes) -> RegisteredLimit:
    """Change a registered limit on which none depends.

    Raises LimitNotFound, Fixed, RegisteredLimitInUse, RequiredField, EntryTaken.
    """
    old = _get_unused(tx, limit_id)
    _require_same(limit_id, changes)
    new = replace(old, **changes)
    _require_parts(tx, new.service_id, new.region_id, "registered_limit")
    _require_free(tx, new)
    limit.update_registered(tx, new)
    return new


def delete_registered(tx: Transaction, limit_id: str) -> None:
    """Remove a registered limit on which none depends. Raises LimitNotFound, RegisteredLimitInUse."""
    _get_unused(tx, limit_id)
    limit.delete_registered(tx, limit_id)


def _get_unused(tx: Transaction, limit_id: str) -> RegisteredLimit:
    found = limit.get_registered(tx, limit_id, is_locked=True)
    if limit.has_limits(tx, limit_id):
        raise RegisteredLimitInUse(id=limit_id)
    return found


def _require_free(tx: Transaction, new: RegisteredLimit) -> None:
    holder = limit.find_registered(tx, new.service_id, new.region_id, new.resource_name)
    if holder is not None and holder.id != new.id:
        raise EntryTaken(kind="registered_limit")


# --- of projects and domains ------------------------------------------------------------------------


def create(tx: Transaction, wishes: Sequence[LimitWish], model: EnforcementModel) -> Sequence[Limit]:
    """Add limits: all of them, or none. Raises RequiredField, LimitUnregistered, EntryTaken, LimitInvalid."""
    named = [_resolved(tx, wish) for wish in wishes]
    made = [_add(tx, wish) for wish in named]
    for each in made:
        _require_within(tx, each, model)
    return made


def update(tx: Transaction, limit_id: str, changes: Changes, model: EnforcementModel) -> Limit:
    """Change how much it is, or what is said of it. Raises LimitNotFound, Fixed, LimitInvalid."""
    old = limit.get(tx, limit_id)
    _require_same(limit_id, changes)
    limit.get_registered(tx, old.registered.id, is_locked=True)
    new = replace(old, **changes)
    limit.update(tx, new)
    _require_within(tx, new, model)
    return new


def delete(tx: Transaction, limit_id: str) -> None:
    """Remove a limit: the registered one's default is valid again. Raises LimitNotFound."""
    limit.get(tx, limit_id)
    limit.delete(tx, limit_id)


def _resolved(tx: Transaction, wish: LimitWish) -> LimitWish:
    """Return the wish with its owner where it belongs: a domain may be called a project, as it acts as one."""
    _require_parts(tx, wish.service_id, wish.region_id, "limit")
    if wish.project_id is not None and project.find(tx, wish.project_id) is None:
        if domain.find(tx, wish.project_id) is None:
            raise RequiredField(what="project_id", where="limit")
        return replace(wish, project_id=None, domain_id=wish.project_id)
    if wish.project_id is None and domain.find(tx, wish.domain_id or "") is None:
        raise RequiredField(what="domain_id", where="limit")
    return wish


def _add(tx: Transaction, wish: LimitWish) -> Limit:
    registered = limit.find_registered(tx, wish.service_id, wish.region_id, wish.resource_name)
    if registered is None:
        raise LimitUnregistered
    new = Limit(
        id=wish.id,
        registered=registered,
        resource_limit=wish.resource_limit,
        project_id=wish.project_id,
        domain_id=wish.domain_id,
        description=wish.description,
    )
    if limit.has(tx, registered.id, new.owner_id):
        raise EntryTaken(kind="limit")
    limit.add(tx, new)
    return new


def _require_within(tx: Transaction, changed: Limit, model: EnforcementModel) -> None:
    """Look at the domain as it would be; of its projects only at the changed one, if it is one."""
    if model is EnforcementModel.FLAT:
        return
    domain_id = changed.domain_id or project.get(tx, changed.owner_id).domain_id
    rows = limit.list_of(tx, changed.registered.id, domain_id)
    of_domain = (row.resource_limit for row in rows if row.domain_id is not None)
    projects = [row for row in rows if row.project_id is not None]
    looked_at = projects if changed.project_id is None else [changed]
    require_within(next(of_domain, changed.registered.default_limit), looked_at, changed)


# --- both -------------------------------------------------------------------------------------------


def _require_parts(tx: Transaction, service_id: str, region_id: str | None, kind: str) -> None:
    try:
        catalog.get_service(tx, service_id)
    except ResourceNotFound:
        raise RequiredField(what="service_id", where=kind) from None
    if region_id is not None and catalog.find_region(tx, region_id) is None:
        raise RequiredField(what="region_id", where=kind)


def _require_same(limit_id: str, changes: Changes) -> None:
    if changes.get("id", limit_id) != limit_id:
        raise Fixed(what="ID")
