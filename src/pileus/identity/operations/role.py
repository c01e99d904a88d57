"""Making, changing and removing roles."""

from __future__ import annotations

from pileus.identity.db import role
from pileus.identity.model.resource import Role
from pileus.identity.operations import domain as domains
from pileus.identity.operations.change import Changes, changed, require_free, require_mutable
from pileus.kit.db import Transaction


def create(tx: Transaction, new: Role) -> Role:
    """Add a role. Raises ReferenceInvalid, Duplicate."""
    if new.domain_id is not None:
        domains.require(tx, new.domain_id)
    require_free("role", new.name, role.find_by_name(tx, new.name, new.domain_id), new.domain_id)
    role.add(tx, new)
    return new


def update(tx: Transaction, role_id: str, changes: Changes) -> Role:
    """Change a role. Raises ResourceNotFound, Immutable, Fixed, Duplicate."""
    old = role.get_locked(tx, role_id)
    require_mutable("role", old, changes)
    new = changed(old, changes)
    if new.name != old.name:
        require_free("role", new.name, role.find_by_name(tx, new.name, new.domain_id), new.domain_id)
    role.update(tx, new)
    return new


def delete(tx: Transaction, role_id: str) -> None:
    """Remove a role everywhere. Raises ResourceNotFound, Immutable."""
    require_mutable("role", role.get(tx, role_id), None)
    role.delete(tx, role_id)
