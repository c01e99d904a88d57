"""Finding what a login names, by id or by name within a domain."""

from __future__ import annotations

from dataclasses import dataclass

from pileus.identity.db import domain, project, user
from pileus.identity.model.resource import Domain, Project, User
from pileus.identity.operations.rows import Rows


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


def find_user(rows: Rows, named: Named) -> User | None:
    """Return the user, or None. It is read each time: nobody shall learn from how long that takes whether it exists."""
    if named.id is not None:
        return user.find(rows.tx, named.id)
    home = find_home(rows, named)
    return None if home is None or named.name is None else user.find_by_name(rows.tx, named.name, home.id)


def find_project(rows: Rows, named: Named) -> Project | None:
    """Return the project, or None."""
    if named.id is not None:
        return rows.find(project.find, named.id)
    home = find_home(rows, named)
    return None if home is None or named.name is None else rows.find(project.find_by_name, named.name, home.id)


def find_domain(rows: Rows, named: Named) -> Domain | None:
    """Return the domain that is named itself, or None."""
    return find_home(rows, Named(domain_id=named.id, domain_name=named.name))


def find_home(rows: Rows, named: Named) -> Domain | None:
    """Return the domain that something named lies in, or None."""
    if named.domain_id is not None:
        return rows.find(domain.find, named.domain_id)
    return None if named.domain_name is None else rows.find(domain.find_by_name, named.domain_name)
