"""What a token stands for now. All of it is looked up anew as soon as anybody, in any process, has written anything."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

from pileus.identity.backend import Backend
from pileus.identity.db import (
    application_credential,
    catalog,
    domain,
    effective,
    endpoint_filter,
    generation,
    oauth1,
    project,
    revocation,
    role,
    service_provider,
    trust,
    user,
)
from pileus.identity.model.application_credential import ApplicationCredential
from pileus.identity.model.assignment import TargetKind, close_over
from pileus.identity.model.catalog import Catalog, Given, narrow
from pileus.identity.model.federation import ServiceProvider
from pileus.identity.model.login_errors import Refused, TokenNotFound
from pileus.identity.model.password_rule import is_active
from pileus.identity.model.resource import Domain, Project, Role, User
from pileus.identity.model.token import Delegation, DelegationKind, Grant, Scope, Token
from pileus.identity.model.trust import Trust
from pileus.kit.db import Transaction

T = TypeVar("T")


def validate(backend: Backend, text: str, *, may_be_expired: bool = False) -> Grant:
    """Return what a token's text stands for now. Raises TokenNotFound."""
    try:
        return look_up(backend, read(backend, text, may_be_expired=may_be_expired))
    except Refused as error:
        raise TokenNotFound(why=error.why) from None


def read(backend: Backend, text: str, *, may_be_expired: bool = False) -> Token:
    """Return a token that is genuine and not expired; whether it was revoked is looked up. Raises Refused."""
    token = backend.tokens.read(text)
    if token is None:
        raise Refused("the token cannot be read")
    window = backend.allow_expired_window if may_be_expired else timedelta()
    if backend.clock.now() - token.expires_at >= window:
        raise Refused("the token has expired")
    return token


def look_up(backend: Backend, token: Token) -> Grant:
    """Return everything that a token stands for now. Raises Refused if it was revoked, or what it rests on is gone."""
    number = generation.glance(backend.database)  # first: what is read after it is at least as new
    known: Grant | None = backend.memory.find(number, token)
    if known is None:
        with backend.database.read() as tx:
            known = _grant(_Rows(backend, tx, number), token)
        backend.memory.keep(number, token, known)
    now = backend.clock.now()
    for owner in (known.user, known.trustor):  # nobody need write for that to change
        if owner is not None and not is_active(backend.password_rules, owner, now):
            raise Refused("the user has not been here for too long")
    return known


def effective_roles(tx: Transaction, user_id: str, scope: Scope) -> Sequence[Role]:
    """Return the roles of a user there, with all that they imply.

    A domain's own role counts only for what it implies: policies know roles by name, and any domain may have an
    `admin` of its own.
    """
    return _roles(tx, _role_book(tx), user_id, scope)


# --- rows, and what is kept of them -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _RoleBook:
    """All roles, and what they imply."""

    by_id: Mapping[str, Role]
    implications: Mapping[str, Iterable[str]]

    def close(self, role_ids: Collection[str]) -> set[str]:
        return close_over(role_ids, self.implications)

    def name(self, role_ids: Iterable[str]) -> list[Role]:
        """Return the roles by name, without those that are a domain's own."""
        found = (self.by_id[role_id] for role_id in role_ids if role_id in self.by_id)
        return sorted((row for row in found if row.domain_id is None), key=lambda row: row.name)


class _Rows:
    """Rows as of one generation. Those that many tokens share are read once for all of them."""

    def __init__(self, backend: Backend, tx: Transaction, number: int) -> None:
        self.tx = tx
        self._memory = backend.memory
        self._is_all_without_filter = backend.return_all_endpoints_if_no_filter
        self._generation = number

    def role_book(self) -> _RoleBook:
        return self._once("roles", lambda: _role_book(self.tx))

    def catalog(self, scope: Scope) -> Catalog:
        known = self._once(
            "catalog", lambda: (tuple(catalog.list_services(self.tx)), tuple(catalog.list_endpoints(self.tx)))
        )
        if scope.kind is not TargetKind.PROJECT:
            return narrow(known, Given(), is_all_without_filter=self._is_all_without_filter)
        given = self._once(("given", scope.id), lambda: endpoint_filter.get_given(self.tx, scope.id))
        return narrow(known, given, is_all_without_filter=self._is_all_without_filter)

    def service_providers(self) -> tuple[ServiceProvider, ...]:
        return self._once("service_providers", lambda: tuple(service_provider.list_enabled(self.tx)))

    def user(self, user_id: str) -> User:
        return self._once(("user", user_id), lambda: _require_user(user.find(self.tx, user_id)))

    def role_ids(self, user_id: str, scope: Scope) -> set[str]:
        return self._once(("roles", user_id, scope), lambda: _role_ids(self.tx, self.role_book(), user_id, scope))

    def project(self, project_id: str) -> Project:
        return self._once(("project", project_id), lambda: require_project(project.find(self.tx, project_id)))

    def application_credential(self, credential_id: str) -> ApplicationCredential | None:
        key = "application_credential", credential_id
        return self._once(key, lambda: application_credential.find(self.tx, credential_id))

    def domain(self, domain_id: str) -> Domain:
        return self._once(("domain", domain_id), lambda: _require_domain(self.tx, domain_id))

    def _once(self, key: object, read: Callable[[], T]) -> T:
        """Return what was read in this generation already, by whichever token, or read it."""
        known: T | None = self._memory.find(self._generation, key)
        if known is None:
            known = read()
            self._memory.keep(self._generation, key, known)
        return known


def _role_book(tx: Transaction) -> _RoleBook:
    return _RoleBook({row.id: row for row in role.list_all(tx)}, role.implications(tx))


def _roles(tx: Transaction, book: _RoleBook, user_id: str, scope: Scope) -> list[Role]:
    return book.name(_role_ids(tx, book, user_id, scope))


def _role_ids(tx: Transaction, book: _RoleBook, user_id: str, scope: Scope) -> set[str]:
    if scope.kind is None:
        return set()
    return book.close(effective.list_role_ids(tx, user_id, scope.kind, scope.id))


# --- who, and for what -----------------------------------------------------------------------------


def _grant(rows: _Rows, token: Token) -> Grant:
    owner = rows.user(token.user_id)
    # Compared for equality: no clock has a part in it, so a token of the same instant is void too.
    if token.user_valid_after != owner.tokens_valid_after:
        raise Refused("the user's tokens were revoked after this one was issued")
    if revocation.is_revoked(rows.tx, token):
        raise Refused("the token was revoked")
    home, others = rows.domain(owner.domain_id), rows.service_providers()
    grant = Grant(token=token, user=owner, user_domain=home, service_providers=others)
    if token.delegation is not None:
        grant = _delegated(rows, grant, token.delegation)
    if token.scope.kind is None:
        return grant
    roles = grant.roles if token.delegation else tuple(rows.role_book().name(rows.role_ids(owner.id, token.scope)))
    if not roles:
        raise Refused("the user has no role there")
    services, endpoints = rows.catalog(token.scope)
    return _scoped(rows, replace(grant, roles=roles, services=services, endpoints=endpoints))


def _scoped(rows: _Rows, grant: Grant) -> Grant:
    scope = grant.token.scope
    if scope.kind is TargetKind.PROJECT:
        found = rows.project(scope.id)
        return replace(grant, project=found, project_domain=rows.domain(found.domain_id))
    return replace(grant, domain=rows.domain(scope.id)) if scope.kind is TargetKind.DOMAIN else grant


def _require_user(found: User | None) -> User:
    if found is None or not found.is_enabled:
        raise Refused("the user does not exist or is disabled")
    return found


def require_project(found: Project | None) -> Project:
    """Return a project that can be used. Raises Refused."""
    if found is None or not found.is_enabled:
        raise Refused("the project does not exist or is disabled")
    return found


def _require_domain(tx: Transaction, domain_id: str) -> Domain:
    found = domain.find(tx, domain_id)
    if found is None or not found.is_enabled:
        raise Refused("the domain does not exist or is disabled")
    return found


# --- delegated -------------------------------------------------------------------------------------


def _delegated(rows: _Rows, grant: Grant, delegation: Delegation) -> Grant:
    if delegation.kind is DelegationKind.TRUST:
        return _by_trust(rows, grant, delegation)
    if delegation.kind is DelegationKind.APPLICATION_CREDENTIAL:
        return _by_application_credential(rows, grant, delegation)
    return _by_access_token(rows, grant, delegation)


def _by_application_credential(rows: _Rows, grant: Grant, delegation: Delegation) -> Grant:
    """Its roles are those that it was given and that its user still has."""
    found = rows.application_credential(delegation.id)
    if found is None or found.user_id != grant.user.id or found.project_id != grant.token.scope.id:
        raise Refused("the application credential does not exist")
    return replace(grant, application_credential=found, roles=_still_held(rows, grant, found.role_ids))


def _by_access_token(rows: _Rows, grant: Grant, delegation: Delegation) -> Grant:
    """Its roles are those that the user gave to the consumer and still has in the project."""
    found = oauth1.find_access_token(rows.tx, delegation.id)
    if found is None or found.user_id != grant.user.id or found.project_id != grant.token.scope.id:
        raise Refused("the access token does not exist")
    return replace(grant, access_token=found, roles=_still_held(rows, grant, rows.role_book().close(found.role_ids)))


def _still_held(rows: _Rows, grant: Grant, role_ids: Iterable[str]) -> tuple[Role, ...]:
    book = rows.role_book()
    return tuple(book.name(rows.role_ids(grant.user.id, grant.token.scope).intersection(role_ids)))


def _by_trust(rows: _Rows, grant: Grant, delegation: Delegation) -> Grant:
    """Its roles are those that it was given; it is void as soon as the first trustor lacks one of them."""
    found = trust.find(rows.tx, delegation.id)
    if found is None or found.trustee_user_id != grant.user.id or (found.project_id or "") != grant.token.scope.id:
        raise Refused("the trust does not exist")
    trustor = rows.user(found.trustor_user_id)
    if delegation.valid_after != trustor.tokens_valid_after:
        raise Refused("the trustor's tokens were revoked after this one was issued")
    book = rows.role_book()
    wanted = book.close(found.role_ids)
    if not wanted <= rows.role_ids(_first_trustor(rows, found), grant.token.scope):
        raise Refused("the trustor no longer has the roles")
    return replace(
        grant,
        trust=found,
        trustor=trustor,
        trustor_domain=rows.domain(trustor.domain_id),
        roles=tuple(book.name(wanted)),
    )


def _first_trustor(rows: _Rows, found: Trust) -> str:
    """Return whose roles they are. Raises Refused unless everybody who passed them on may still log in."""
    while found.redelegated_trust_id is not None:
        above = trust.find(rows.tx, found.redelegated_trust_id)
        if above is None:
            raise Refused("the trust that was passed on does not exist")
        rows.domain(rows.user(above.trustor_user_id).domain_id)
        found = above
    return found.trustor_user_id
