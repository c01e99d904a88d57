"""Making, changing and removing domains, projects, users and roles."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from pileus.identity.db import domain, project, role, user
from pileus.identity.model.catalog import Endpoint, Region, Service
from pileus.identity.model.errors import DomainEnabled, Duplicate, ReferenceInvalid
from pileus.identity.model.resource import Domain, Project, Role, User
from pileus.kit.db import Transaction

R = TypeVar("R", Domain, Project, User, Role, Region, Service, Endpoint)

Changes = dict[str, Any]
"""Fields of the model to replace; `extra` is merged, a value of None in it removes the member."""


def create_domain(tx: Transaction, new: Domain) -> Domain:
    """Add a domain. Raises Duplicate."""
    _require_free("domain", new.name, domain.find_by_name(tx, new.name))
    domain.add(tx, new)
    return new


def update_domain(tx: Transaction, domain_id: str, changes: Changes) -> Domain:
    """Change a domain. Raises ResourceNotFound, Duplicate."""
    old = domain.get(tx, domain_id)
    new = changed(old, changes)
    if new.name != old.name:
        _require_free("domain", new.name, domain.find_by_name(tx, new.name))
    domain.update(tx, new)
    return new


def delete_domain(tx: Transaction, domain_id: str) -> None:
    """Remove a domain and everything in it. Raises ResourceNotFound, DomainEnabled."""
    if domain.get(tx, domain_id).is_enabled:
        raise DomainEnabled
    for owned in user.list_users(tx, domain_id=domain_id):
        user.delete(tx, owned.id)
    for part in project.list_projects(tx, domain_id=domain_id):
        project.delete(tx, part.id)
    domain.delete(tx, domain_id)


def create_project(tx: Transaction, new: Project) -> Project:
    """Add a project. Raises ReferenceInvalid, Duplicate."""
    _require_domain(tx, new.domain_id)
    _require_free("project", new.name, project.find_by_name(tx, new.name, new.domain_id), new.domain_id)
    project.add(tx, new)
    return new


def update_project(tx: Transaction, project_id: str, changes: Changes) -> Project:
    """Change a project. Raises ResourceNotFound, Duplicate."""
    old = project.get(tx, project_id)
    new = changed(old, changes)
    if new.name != old.name:
        _require_free("project", new.name, project.find_by_name(tx, new.name, new.domain_id), new.domain_id)
    project.update(tx, new)
    return new


def delete_project(tx: Transaction, project_id: str) -> None:
    """Remove a project. Raises ResourceNotFound."""
    project.get(tx, project_id)
    project.delete(tx, project_id)


def create_user(tx: Transaction, new: User) -> User:
    """Add a user. Raises ReferenceInvalid, Duplicate."""
    _require_domain(tx, new.domain_id)
    _require_free("user", new.name, user.find_by_name(tx, new.name, new.domain_id), new.domain_id)
    user.add(tx, new)
    return new


def update_user(tx: Transaction, user_id: str, changes: Changes, now: datetime) -> User:
    """Change a user; a new password or being disabled voids all tokens. Raises ResourceNotFound, Duplicate."""
    old = user.get(tx, user_id)
    new = changed(old, changes)
    if new.name != old.name:
        _require_free("user", new.name, user.find_by_name(tx, new.name, new.domain_id), new.domain_id)
    if new.password_hash != old.password_hash or (old.is_enabled and not new.is_enabled):
        new = replace(new, tokens_valid_after=now)
    user.update(tx, new)
    return new


def delete_user(tx: Transaction, user_id: str) -> None:
    """Remove a user. Raises ResourceNotFound."""
    user.get(tx, user_id)
    user.delete(tx, user_id)


def create_role(tx: Transaction, new: Role) -> Role:
    """Add a role. Raises Duplicate."""
    _require_free("role", new.name, role.find_by_name(tx, new.name, new.domain_id))
    role.add(tx, new)
    return new


def update_role(tx: Transaction, role_id: str, changes: Changes) -> Role:
    """Change a role. Raises ResourceNotFound, Duplicate."""
    old = role.get(tx, role_id)
    new = changed(old, changes)
    if new.name != old.name:
        _require_free("role", new.name, role.find_by_name(tx, new.name, new.domain_id))
    role.update(tx, new)
    return new


def delete_role(tx: Transaction, role_id: str) -> None:
    """Remove a role everywhere. Raises ResourceNotFound."""
    role.get(tx, role_id)
    role.delete(tx, role_id)


def changed(old: R, changes: Changes) -> R:
    """Return a model's row with some fields replaced."""
    merged = {**old.extra, **changes.get("extra", {})}
    kept = {name: value for name, value in merged.items() if value is not None}
    values: dict[str, Any] = {**changes, "extra": kept}
    return replace(old, **values)


def _require_domain(tx: Transaction, domain_id: str) -> None:
    if domain.find(tx, domain_id) is None:
        raise ReferenceInvalid(kind="domain", id=domain_id)


def _require_free(kind: str, name: str, holder: object | None, domain_id: str | None = None) -> None:
    if holder is not None:
        where = "" if domain_id is None else f" at domain ID {domain_id}"
        raise Duplicate(kind=kind, name=name, where=where)
