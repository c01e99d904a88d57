"""Logging in: from what somebody shows to a token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pileus.identity.backend import Backend
from pileus.identity.db import assignment, catalog, domain, project, revocation, role, user
from pileus.identity.model.assignment import SYSTEM_ID, TargetKind, close_over
from pileus.identity.model.errors import Refused, TokenNotFound
from pileus.identity.model.resource import Domain, Project, Role, User
from pileus.identity.model.token import UNSCOPED, Grant, Scope, Token, new_audit_id
from pileus.identity.tokens import password
from pileus.kit.db import Transaction

ALLOW_EXPIRED = timedelta(hours=48)
"""For how long an expired token can still be asked about, by a service whose long work began while it was good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Something named by id, or by name within a domain; of a domain itself only id or name."""

    id: str | None = None
    name: str | None = None
    domain_id: str | None = None
    domain_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What somebody shows: for each method what it wants."""

    methods: tuple[str, ...]
    user: Named | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeWish:
    """What the token shall be good for; all None: the default project if there is one. `is_unscoped`: not even that."""

    project: Named | None = None
    domain: Named | None = None
    is_system: bool = False
    is_unscoped: bool = False


@dataclass(frozen=True, slots=True)
class _Proven:
    user: User
    methods: tuple[str, ...]
    parent: Token | None  # the token that was shown, if one was


def issue(backend: Backend, proof: Proof, wish: ScopeWish) -> tuple[str, Grant]:
    """Return a new token's text and what it stands for. Raises Refused, ScopeForbidden."""
    with backend.database.read() as tx:
        known = _find_user(tx, proof.user) if "password" in proof.methods else None
    # The slow hash runs outside of any transaction.
    if "password" in proof.methods:
        _require_password(backend, known, proof.password or "")
    with backend.database.read() as tx:
        proven = _prove(backend, tx, proof, known)
        scope = _choose_scope(tx, proven, wish)
        token = _new_token(backend, proven, scope)
        grant = look_up(tx, token)
    return backend.tokens.issue(token), grant


def validate(backend: Backend, tx: Transaction, text: str, *, may_be_expired: bool = False) -> Grant:
    """Return what a token's text stands for now. Raises TokenNotFound."""
    try:
        return look_up(tx, read(backend, tx, text, may_be_expired=may_be_expired))
    except Refused as error:
        raise TokenNotFound(why=error.why) from None


def read(backend: Backend, tx: Transaction, text: str, *, may_be_expired: bool = False) -> Token:
    """Return a token that is genuine, not expired and not revoked. Raises Refused."""
    token = backend.tokens.read(text)
    if token is None:
        raise Refused("the token cannot be read")
    if backend.clock.now() - token.expires_at >= (ALLOW_EXPIRED if may_be_expired else timedelta()):
        raise Refused("the token has expired")
    if revocation.is_revoked(tx, token.audit_ids[0]):
        raise Refused("the token was revoked")
    return token


def revoke(tx: Transaction, token: Token, now: datetime) -> None:
    """Make a token worthless at once."""
    revocation.purge(tx, now - ALLOW_EXPIRED)  # one that may still be shown as an expired token must stay revoked
    revocation.add(tx, token.audit_ids[0], token.expires_at)


def look_up(tx: Transaction, token: Token) -> Grant:
    """Return everything that a token stands for now. Raises Refused if its user or scope is gone or disabled."""
    owner = _require_user(tx, user.find(tx, token.user_id))
    # Compared for equality: no clock has a part in it, so a token of the same instant is void too.
    if token.user_valid_after != owner.tokens_valid_after:
        raise Refused("the user's tokens were revoked after this one was issued")
    grant = Grant(token=token, user=owner, user_domain=_require_domain(tx, owner.domain_id))
    if token.scope.kind is None:
        return grant
    roles = effective_roles(tx, owner.id, token.scope)
    if not roles:
        raise Refused("the user has no role there")
    services, endpoints = tuple(catalog.list_services(tx)), tuple(catalog.list_endpoints(tx))
    scope = _scope_rows(tx, token.scope)
    return Grant(
        token=token,
        user=owner,
        user_domain=grant.user_domain,
        project=scope.project,
        project_domain=scope.project_domain,
        domain=scope.domain,
        roles=tuple(roles),
        services=services,
        endpoints=endpoints,
    )


def effective_roles(tx: Transaction, user_id: str, scope: Scope) -> Sequence[Role]:
    """Return the roles of a user there, with all that they imply.

    A domain's own role counts only for what it implies: policies know roles by name, and any domain may have an
    `admin` of its own.
    """
    assert scope.kind is not None
    given = assignment.list_role_ids(tx, user_id, scope.kind, scope.id)
    closed = role.list_by_ids(tx, close_over(given, role.implications(tx))) if given else []
    return [row for row in closed if row.domain_id is None]


# --- who ------------------------------------------------------------------------------------------


def _prove(backend: Backend, tx: Transaction, proof: Proof, known: User | None) -> _Proven:
    parent = None
    if "token" in proof.methods:
        parent = read(backend, tx, proof.token or "")
        shown = look_up(tx, parent).user
        if known is not None and known.id != shown.id:
            raise Refused("the password and the token are of different users")
        known = shown
    owner = _require_user(tx, None if known is None else user.find(tx, known.id))
    if known is not None and owner.password_hash != known.password_hash:
        raise Refused("the password was changed meanwhile")
    _require_domain(tx, owner.domain_id)
    methods = dict.fromkeys([*proof.methods, *(parent.methods if parent else ())])
    return _Proven(owner, tuple(methods), parent)


def _require_password(backend: Backend, known: User | None, given: str) -> None:
    if known is None or known.password_hash is None:
        backend.decoy.verify(given)
        raise Refused("there is no such user, or it has no password")
    if not password.verify(given, known.password_hash):
        raise Refused("the password is wrong")


def _find_user(tx: Transaction, named: Named | None) -> User | None:
    if named is None:
        return None
    if named.id is not None:
        return user.find(tx, named.id)
    home = _find_domain(tx, named)
    return None if home is None or named.name is None else user.find_by_name(tx, named.name, home.id)


def _find_domain(tx: Transaction, named: Named) -> Domain | None:
    if named.domain_id is not None:
        return domain.find(tx, named.domain_id)
    return None if named.domain_name is None else domain.find_by_name(tx, named.domain_name)


def _require_user(_tx: Transaction, found: User | None) -> User:
    if found is None or not found.is_enabled:
        raise Refused("the user does not exist or is disabled")
    return found


def _require_domain(tx: Transaction, domain_id: str) -> Domain:
    found = domain.find(tx, domain_id)
    if found is None or not found.is_enabled:
        raise Refused("the domain does not exist or is disabled")
    return found


# --- for what -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _ScopeRows:
    project: Project | None = None
    project_domain: Domain | None = None
    domain: Domain | None = None


def _scope_rows(tx: Transaction, scope: Scope) -> _ScopeRows:
    if scope.kind is TargetKind.PROJECT:
        found = project.find(tx, scope.id)
        if found is None or not found.is_enabled:
            raise Refused("the project does not exist or is disabled")
        return _ScopeRows(found, _require_domain(tx, found.domain_id))
    if scope.kind is TargetKind.DOMAIN:
        return _ScopeRows(domain=_require_domain(tx, scope.id))
    return _ScopeRows()


def _choose_scope(tx: Transaction, proven: _Proven, wish: ScopeWish) -> Scope:
    if wish.project is not None:
        return Scope(kind=TargetKind.PROJECT, id=_project_id(tx, wish.project))
    if wish.domain is not None:
        named = Named(domain_id=wish.domain.id, domain_name=wish.domain.name)
        found = _find_domain(tx, named)
        if found is None:
            raise Refused("there is no such domain")
        return Scope(kind=TargetKind.DOMAIN, id=found.id)
    if wish.is_system:
        return Scope(kind=TargetKind.SYSTEM, id=SYSTEM_ID)
    if wish.is_unscoped:
        return UNSCOPED
    return _default_scope(tx, proven.user)


def _project_id(tx: Transaction, named: Named) -> str:
    if named.id is not None:
        found = project.find(tx, named.id)
    else:
        home = _find_domain(tx, named)
        found = None if home is None or named.name is None else project.find_by_name(tx, named.name, home.id)
    if found is None:
        raise Refused("there is no such project")
    return found.id


def _default_scope(tx: Transaction, owner: User) -> Scope:
    """A default project is only a wish: one that is gone, disabled or without a role gives an unscoped token."""
    if owner.default_project_id is None:
        return UNSCOPED
    scope = Scope(kind=TargetKind.PROJECT, id=owner.default_project_id)
    found = project.find(tx, scope.id)
    if found is None or not found.is_enabled or not effective_roles(tx, owner.id, scope):
        return UNSCOPED
    return scope


def _new_token(backend: Backend, proven: _Proven, scope: Scope) -> Token:
    now = backend.clock.now()
    own = new_audit_id(backend.random(16))
    if proven.parent is None:
        return Token(
            user_id=proven.user.id,
            methods=proven.methods,
            scope=scope,
            audit_ids=(own,),
            issued_at=now,
            expires_at=(now + backend.token_lifetime).replace(microsecond=0),
            user_valid_after=proven.user.tokens_valid_after,
        )
    # A token got for a token does not outlive it, or logging in once would last for ever.
    return Token(
        user_id=proven.user.id,
        methods=proven.methods,
        scope=scope,
        audit_ids=(own, proven.parent.audit_ids[-1]),
        issued_at=now,
        expires_at=proven.parent.expires_at,
        user_valid_after=proven.user.tokens_valid_after,
    )
