"""Making, changing and removing roles."""

from __future__ import annotations

from pileus.identity.db import application_credential, role
from pileus.identity.model.assignment import close_over
from pileus.identity.model.errors import Duplicate, ImplicationCircular, ImplicationNotFound, RoleNeverImplied
from pileus.identity.model.resource import Role
from pileus.identity.operations import domain as domains
from pileus.identity.operations.change import Changes, changed, require_free, require_mutable
from pileus.kit.db import Transaction

NEVER_IMPLIED = ("admin",)
"""Roles that no other may bring along: whoever may write such a rule would give himself everything."""


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
    """Remove a role everywhere, and the application credentials that hold it. Raises ResourceNotFound, Immutable."""
    require_mutable("role", role.get(tx, role_id), None)
    application_credential.delete_with_role(tx, role_id)
    role.delete(tx, role_id)


def imply(tx: Transaction, prior: Role, implied: Role) -> None:
    """Let one role bring another along. Raises RoleNeverImplied, ImplicationCircular, Duplicate."""
    if implied.name in NEVER_IMPLIED or (prior.domain_id is None and implied.domain_id is not None):
        raise RoleNeverImplied(id=implied.id)
    implications = role.implications(tx)
    if prior.id in close_over([implied.id], implications):
        raise ImplicationCircular(prior_role_id=prior.id, implied_role_id=implied.id)
    if not role.imply(tx, prior.id, implied.id):
        raise Duplicate(kind="implied_role", name=implied.name, where="")


def stop_implying(tx: Transaction, prior: Role, implied: Role) -> None:
    """Let a role bring another along no longer. Raises ImplicationNotFound."""
    if not role.stop_implying(tx, prior.id, implied.id):
        raise ImplicationNotFound(prior_role_id=prior.id, implied_role_id=implied.id)
