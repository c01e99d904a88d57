"""Finding what a login names, by id or by name within a domain."""

from __future__ import annotations

from dataclasses import dataclass

from pileus.identity.db import domain, project, user
from pileus.identity.model.resource import Domain, Project, User
from pileus.kit.db import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Something named by id, or by name within a domain; of a domain itself only id or name."""

    id: str | None = None
    name: str | None = None
    domain_id: str | None = None
    domain_name: str | None = None

    def key(self) -> str:
        """Return one text for what is named, though another may name the same."""
        return f"{self.id or ''}/{self.name or ''}@{self.domain_id or ''}/{self.domain_name or ''}"


def find_user(tx: Transaction, named: Named) -> User | None:
    """Return the user, or None."""
    if named.id is not None:
        return user.find(tx, named.id)
    home = find_home(tx, named)
    return None if home is None or named.name is None else user.find_by_name(tx, named.name, home.id)


def find_project(tx: Transaction, named: Named) -> Project | None:
    """Return the project, or None."""
    if named.id is not None:
        return project.find(tx, named.id)
    home = find_home(tx, named)
    return None if home is None or named.name is None else project.find_by_name(tx, named.name, home.id)


def find_domain(tx: Transaction, named: Named) -> Domain | None:
    """Return the domain that is named itself, or None."""
    return find_home(tx, Named(domain_id=named.id, domain_name=named.name))


def find_home(tx: Transaction, named: Named) -> Domain | None:
    """Return the domain that something named lies in, or None."""
    if named.domain_id is not None:
        return domain.find(tx, named.domain_id)
    return None if named.domain_name is None else domain.find_by_name(tx, named.domain_name)
