"""Rows as they are now. As long as nobody writes, a process reads each of them once for all who need it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeVar, TypeVarTuple

from pileus.identity.backend import Backend
from pileus.identity.db import catalog, domain, effective, endpoint_filter, generation, project, role, user
from pileus.identity.model.assignment import TargetKind, close_over
from pileus.identity.model.catalog import Catalog, Given, narrow
from pileus.identity.model.login_errors import Refused
from pileus.identity.model.resource import Domain, Project, Role, User
from pileus.identity.model.token import Scope
from pileus.identity.operations.written_catalog import write
from pileus.kit.db import Transaction

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Rows:
    """The rows of one moment: those that were read already, and a transaction that reads the others.

    It is begun when it is first needed: who finds all in memory needs none, and no time to wait for it.
    """

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self._memory = backend.memory
        self._generation = generation.glance(backend.database)  # first: what is read after it is at least as new
        self._reading: AbstractContextManager[Transaction] | None = None
        self._tx: Transaction | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._reading is not None:
            self._reading.__exit__(kind, raised, trace)

    @property
    def tx(self) -> Transaction:
        """What reads the others."""
        if self._tx is None:
            reading = self.backend.database.read()
            self._tx = reading.__enter__()
            self._reading = reading
        return self._tx

    def user(self, user_id: str) -> User:
        """Return a user that is enabled. Raises Refused."""
        found = self.find(user.find, user_id)
        if found is None or not found.is_enabled:
            raise Refused("the user does not exist or is disabled")
        return found

    def project(self, project_id: str) -> Project:
        """Return a project that can be used. Raises Refused."""
        found = self.find(project.find, project_id)
        if found is None or not found.is_enabled:
            raise Refused("the project does not exist or is disabled")
        return found

    def domain(self, domain_id: str) -> Domain:
        """Return a domain that is enabled. Raises Refused."""
        found = self.find(domain.find, domain_id)
        if found is None or not found.is_enabled:
            raise Refused("the domain does not exist or is disabled")
        return found

    def role_book(self) -> RoleBook:
        """Return all roles."""
        return self.find(_role_book)

    def role_ids(self, user_id: str, scope: Scope) -> Collection[str]:
        """Return the roles of a user there, with all that they imply, also those that are a domain's own."""
        return self.once(("role ids", user_id, scope), lambda: _role_ids(self.tx, self.role_book(), user_id, scope))

    def roles(self, user_id: str, scope: Scope) -> Sequence[Role]:
        """Return the roles of a user there that policies know."""
        return self.role_book().name(self.role_ids(user_id, scope))

    def catalog(self, scope: Scope) -> bytes:
        """Return the catalog that those see whose token is for `scope`, as `written_catalog` writes it."""
        everything, is_for_project = self.find(_catalog), scope.kind is TargetKind.PROJECT
        given = self.find(endpoint_filter.get_given, scope.id) if is_for_project else Given()
        seen = narrow(everything, given, is_all_without_filter=self.backend.return_all_endpoints_if_no_filter)
        key = "catalog", is_for_project, None if seen is everything else scope.id
        return self.once(key, lambda: write(*seen, is_for_project=is_for_project))

    def find(self, read: Callable[[Transaction, *Ts], T], *names: *Ts) -> T:
        """Return what `read(tx, *names)` returns. That there is nothing is asked each time: names have no end."""
        return self.once((read, *names), lambda: read(self.tx, *names))

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what was made of these rows already, or make it."""
        known: T | None = self._memory.find(self._generation, key)
        if known is None:
            known = make()
            self._memory.keep(self._generation, key, known)
        return known


def effective_roles(tx: Transaction, user_id: str, scope: Scope) -> Sequence[Role]:
    """Return the roles of a user there, with all that they imply.

    A domain's own role counts only for what it implies: policies know roles by name, and any domain may have an
    `admin` of its own.
    """
    book = _role_book(tx)
    return book.name(_role_ids(tx, book, user_id, scope))


@dataclass(frozen=True, slots=True)
class RoleBook:
    """All roles, and what they imply."""

    by_id: Mapping[str, Role]
    implications: Mapping[str, Iterable[str]]

    def close(self, role_ids: Collection[str]) -> set[str]:
        """Return roles with all that they imply."""
        return close_over(role_ids, self.implications)

    def name(self, role_ids: Iterable[str]) -> list[Role]:
        """Return the roles by name, without those that are a domain's own."""
        found = (self.by_id[role_id] for role_id in role_ids if role_id in self.by_id)
        return sorted((row for row in found if row.domain_id is None), key=lambda row: row.name)


def _role_book(tx: Transaction) -> RoleBook:
    return RoleBook({row.id: row for row in role.list_all(tx)}, role.implications(tx))


def _role_ids(tx: Transaction, book: RoleBook, user_id: str, scope: Scope) -> frozenset[str]:
    if scope.kind is None:
        return frozenset()
    return frozenset(book.close(effective.list_role_ids(tx, user_id, scope.kind, scope.id)))


def _catalog(tx: Transaction) -> Catalog:
    return tuple(catalog.list_services(tx)), tuple(catalog.list_endpoints(tx))
