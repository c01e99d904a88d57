"""Making, changing and removing domains."""

from __future__ import annotations

from pileus.identity.db import domain, project
from pileus.identity.model.errors import DomainEnabled, ReferenceInvalid
from pileus.identity.model.resource import Domain
from pileus.identity.operations.change import Changes, changed, require_free, require_mutable
from pileus.kit.db import Transaction


def create(tx: Transaction, new: Domain) -> Domain:
    """Add a domain; its id may be chosen, to have the same one in several clouds. Raises Duplicate."""
    require_free("domain", new.id, project.find_any(tx, new.id))
    require_free("domain", new.name, domain.find_by_name(tx, new.name))
    domain.add(tx, new)
    return new


def update(tx: Transaction, domain_id: str, changes: Changes) -> Domain:
    """Change a domain. Raises ResourceNotFound, Immutable, Fixed, Duplicate."""
    old = domain.get_locked(tx, domain_id)
    require_mutable("domain", old, changes)
    new = changed(old, changes)
    if new.name != old.name:
        require_free("domain", new.name, domain.find_by_name(tx, new.name))
    domain.update(tx, new)
    return new


def delete(tx: Transaction, domain_id: str) -> None:
    """Remove a domain and everything in it. Raises ResourceNotFound, Immutable, DomainEnabled."""
    old = domain.get_locked(tx, domain_id)
    require_mutable("domain", old, None)
    if old.is_enabled:
        raise DomainEnabled
    domain.delete(tx, domain_id)


def require(tx: Transaction, domain_id: str) -> Domain:
    """Return the domain that a body names. Raises ReferenceInvalid."""
    found = domain.find(tx, domain_id)
    if found is None:
        raise ReferenceInvalid(kind="domain", id=domain_id)
    return found
