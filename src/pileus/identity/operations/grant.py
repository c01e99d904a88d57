"""What a token stands for now. All of it is looked up anew as soon as anybody, in any process, has written anything."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from pileus.identity.backend import Backend
from pileus.identity.db import application_credential, oauth1, revocation, service_provider, trust
from pileus.identity.model.assignment import TargetKind
from pileus.identity.model.login_errors import Refused, TokenNotFound
from pileus.identity.model.password_rule import is_active
from pileus.identity.model.resource import Role
from pileus.identity.model.token import Delegation, DelegationKind, Grant, Token
from pileus.identity.model.trust import Trust
from pileus.identity.operations.rows import Rows


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
    with Rows(backend) as rows:
        return require_good(rows, token)


def require_good(rows: Rows, token: Token, *, is_new: bool = False) -> Grant:
    """Return everything that a token stands for in these rows; nobody can have revoked one that `is_new`.

    Raises Refused if it was revoked, or what it rests on is gone.
    """
    known = rows.once(token, lambda: _grant(rows, token, is_new=is_new))
    rules, now = rows.backend.password_rules, rows.backend.clock.now()
    for owner in (known.user, known.trustor):  # nobody need write for that to change
        if owner is not None and not is_active(rules, owner, now):
            raise Refused("the user has not been here for too long")
    return known


# --- who, and for what -----------------------------------------------------------------------------


def _grant(rows: Rows, token: Token, *, is_new: bool) -> Grant:
    if not is_new and revocation.is_revoked(rows.tx, token):
        raise Refused("the token was revoked")
    # Compared for equality: no clock has a part in it, so a token of the same instant is void too.
    if token.user_valid_after != rows.user(token.user_id).tokens_valid_after:
        raise Refused("the user's tokens were revoked after this one was issued")
    alike = rows.once((token.user_id, token.scope, token.delegation), lambda: _grant_of_all(rows, token))
    return replace(alike, token=token)


def _grant_of_all(rows: Rows, token: Token) -> Grant:
    """Return what all tokens stand for that are of the same user, for the same, and got by the same."""
    owner, others = rows.user(token.user_id), rows.find(service_provider.list_enabled)
    grant = Grant(token=token, user=owner, user_domain=rows.domain(owner.domain_id), service_providers=tuple(others))
    if token.delegation is not None:
        grant = _delegated(rows, grant, token.delegation)
    if token.scope.kind is None:
        return grant
    roles = grant.roles if token.delegation else tuple(rows.roles(owner.id, token.scope))
    if not roles:
        raise Refused("the user has no role there")
    return _scoped(rows, replace(grant, roles=roles, catalog=rows.catalog(token.scope)))


def _scoped(rows: Rows, grant: Grant) -> Grant:
    scope = grant.token.scope
    if scope.kind is TargetKind.PROJECT:
        found = rows.project(scope.id)
        return replace(grant, project=found, project_domain=rows.domain(found.domain_id))
    return replace(grant, domain=rows.domain(scope.id)) if scope.kind is TargetKind.DOMAIN else grant


# --- delegated -------------------------------------------------------------------------------------


def _delegated(rows: Rows, grant: Grant, delegation: Delegation) -> Grant:
    if delegation.kind is DelegationKind.TRUST:
        return _by_trust(rows, grant, delegation)
    if delegation.kind is DelegationKind.APPLICATION_CREDENTIAL:
        return _by_application_credential(rows, grant, delegation)
    return _by_access_token(rows, grant, delegation)


def _by_application_credential(rows: Rows, grant: Grant, delegation: Delegation) -> Grant:
    """Its roles are those that it was given and that its user still has."""
    found = rows.find(application_credential.find, delegation.id)
    if found is None or found.user_id != grant.user.id or found.project_id != grant.token.scope.id:
        raise Refused("the application credential does not exist")
    return replace(grant, application_credential=found, roles=_still_held(rows, grant, found.role_ids))


def _by_access_token(rows: Rows, grant: Grant, delegation: Delegation) -> Grant:
    """Its roles are those that the user gave to the consumer and still has in the project."""
    found = oauth1.find_access_token(rows.tx, delegation.id)
    if found is None or found.user_id != grant.user.id or found.project_id != grant.token.scope.id:
        raise Refused("the access token does not exist")
    return replace(grant, access_token=found, roles=_still_held(rows, grant, rows.role_book().close(found.role_ids)))


def _still_held(rows: Rows, grant: Grant, role_ids: Iterable[str]) -> tuple[Role, ...]:
    book = rows.role_book()
    return tuple(book.name(set(role_ids).intersection(rows.role_ids(grant.user.id, grant.token.scope))))


def _by_trust(rows: Rows, grant: Grant, delegation: Delegation) -> Grant:
    """Its roles are those that it was given; it is void as soon as the first trustor lacks one of them."""
    found = trust.find(rows.tx, delegation.id)
    if found is None or found.trustee_user_id != grant.user.id or (found.project_id or "") != grant.token.scope.id:
        raise Refused("the trust does not exist")
    trustor = rows.user(found.trustor_user_id)
    if delegation.valid_after != trustor.tokens_valid_after:
        raise Refused("the trustor's tokens were revoked after this one was issued")
    book = rows.role_book()
    wanted = book.close(found.role_ids)
    if not wanted.issubset(rows.role_ids(_first_trustor(rows, found), grant.token.scope)):
        raise Refused("the trustor no longer has the roles")
    return replace(
        grant,
        trust=found,
        trustor=trustor,
        trustor_domain=rows.domain(trustor.domain_id),
        roles=tuple(book.name(wanted)),
    )


def _first_trustor(rows: Rows, found: Trust) -> str:
    """Return whose roles they are. Raises Refused unless everybody who passed them on may still log in."""
    while found.redelegated_trust_id is not None:
        above = trust.find(rows.tx, found.redelegated_trust_id)
        if above is None:
            raise Refused("the trust that was passed on does not exist")
        rows.domain(rows.user(above.trustor_user_id).domain_id)
        found = above
    return found.trustor_user_id
