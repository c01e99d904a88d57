"""Logging in: from what somebody shows to a token; and making a token worthless."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pileus.identity.backend import Backend
from pileus.identity.db import application_credential, revocation, trust, user
from pileus.identity.model.assignment import TargetKind
from pileus.identity.model.errors import Refused
from pileus.identity.model.password_rule import is_active
from pileus.identity.model.resource import User
from pileus.identity.model.token import UNSCOPED, Delegation, DelegationKind, Grant, Scope, Token, new_audit_id
from pileus.identity.model.trust import Trust
from pileus.identity.operations import receipt, token_scope
from pileus.identity.operations.grant import effective_roles, look_up, validate
from pileus.identity.operations.methods.proof import Proof, Shown
from pileus.identity.operations.named import Named
from pileus.identity.operations.token_scope import ScopeWish
from pileus.kit.db import Transaction

__all__ = ["Named", "Proof", "ScopeWish", "effective_roles", "issue", "revoke", "validate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Proven:
    user: User
    methods: tuple[str, ...]
    parent: Token | None = None  # the token that was shown, if one was
    delegation: Delegation | None = None
    scope: Scope | None = None


def issue(
    backend: Backend, proofs: Sequence[Proof], wish: ScopeWish, *, receipt_text: str | None = None
) -> tuple[str, Grant]:
    """Return a new token's text and what it stands for.

    Raises Refused, TooManyAttempts, PasswordExpired, MethodsLacking, ScopeForbidden, TokenExchangeForbidden.
    """
    shown = [proof.prove(backend) for proof in proofs]  # slow hashes are computed here, outside of any transaction
    with backend.database.read() as tx:
        proven = _reconcile(backend, tx, shown, proofs)
        methods = receipt.require_enough(backend, tx, proven.user, proven.methods, receipt_text)
        if proven.parent is not None:
            token_scope.require_exchangeable(proven.parent, wish, may_be_scoped=backend.allow_rescope_scoped_token)
        token, used = _new_token(backend, tx, proven, methods, wish)
        grant = look_up(backend, tx, token)
    _touch(backend, proven.user)
    if used is not None and not backend.database.write(trust.consume_use, used.id):
        raise Refused("nothing remains of the trust")
    return backend.tokens.issue(token), grant


def revoke(backend: Backend, token: Token, *, has_descendants: bool) -> None:
    """Make a token worthless at once, and if wished those that were got with it."""
    now = backend.clock.now()

    def write(tx: Transaction) -> None:
        # One that may still be shown as an expired token must stay revoked.
        revocation.purge(tx, now - backend.allow_expired_window)
        revocation.add(tx, token, now, has_descendants=has_descendants)

    backend.database.write(write)


# --- who ------------------------------------------------------------------------------------------


def _reconcile(backend: Backend, tx: Transaction, shown: Sequence[Shown], proofs: Sequence[Proof]) -> _Proven:
    """Return the one user that all was shown of, as it is now. Raises Refused."""
    if len({each.user.id for each in shown}) != 1:
        raise Refused("what was shown is of different users")
    owner, rules, now = user.find(tx, shown[0].user.id), backend.password_rules, backend.clock.now()
    if owner is None or not is_active(rules, owner, now):
        raise Refused("the user does not exist or is disabled")
    for each in shown:
        before = each.user
        if (before.password_hash, before.tokens_valid_after) != (owner.password_hash, owner.tokens_valid_after):
            raise Refused("the user's password or tokens were changed meanwhile")
    parent = next((each.parent for each in shown if each.parent is not None), None)
    delegated = next((each for each in shown if each.delegation is not None), None)
    methods = dict.fromkeys([*(proof.method for proof in proofs), *(parent.methods if parent else ())])
    return _Proven(
        user=owner,
        methods=tuple(methods),
        parent=parent,
        delegation=delegated.delegation if delegated else None,
        scope=delegated.scope if delegated else None,
    )


def _touch(backend: Backend, who: User) -> None:
    """Where users who stay away are disabled, note that this one came, once a day."""
    now, last = backend.clock.now(), who.last_active_at
    if backend.password_rules.disable_user_account_days_inactive and (last is None or last.date() < now.date()):
        backend.database.write(user.touch, who.id, now)


# --- the new token --------------------------------------------------------------------------------


def _new_token(
    backend: Backend, tx: Transaction, proven: _Proven, methods: tuple[str, ...], wish: ScopeWish
) -> tuple[Token, Trust | None]:
    """Return the token, and the trust of which it uses one of the remaining times."""
    now, used = backend.clock.now(), None
    ends: list[datetime | None] = [_end(backend, proven, now)]
    scope, delegation = proven.scope, proven.delegation
    if delegation is not None:
        ends.append(_end_of_delegation(tx, delegation, wish, now))
    elif wish.trust_id is not None:
        used, delegation = token_scope.find_trust(tx, proven.user, wish.trust_id)
        if not used.is_live(now):
            raise Refused("the trust has expired or was used up")
        scope = Scope(kind=TargetKind.PROJECT, id=used.project_id) if used.project_id else UNSCOPED
        ends.append(used.expires_at)
    parents = () if proven.parent is None else (proven.parent.audit_ids[-1],)
    token = Token(
        user_id=proven.user.id,
        methods=methods,
        scope=scope or token_scope.choose(tx, proven.user, wish),
        audit_ids=(new_audit_id(backend.random(16)), *parents),
        issued_at=now,
        expires_at=min(end for end in ends if end is not None),
        user_valid_after=proven.user.tokens_valid_after,
        delegation=delegation,
    )
    return token, used


def _end(backend: Backend, proven: _Proven, now: datetime) -> datetime:
    """A token got for a token does not outlive it, or logging in once would last for ever."""
    if proven.parent is not None:
        return proven.parent.expires_at
    return (now + backend.token_lifetime).replace(microsecond=0)


def _end_of_delegation(tx: Transaction, delegation: Delegation, wish: ScopeWish, now: datetime) -> datetime | None:
    """Return when what a token is got by ends. Raises Refused if it has, or another scope is wished than its own."""
    if not wish.is_default:
        raise Refused("what limits the token says what it is for")
    if delegation.kind is not DelegationKind.APPLICATION_CREDENTIAL:
        return None
    found = application_credential.find(tx, delegation.id)
    if found is None or not found.is_live(now):
        raise Refused("the application credential has expired or is gone")
    return found.expires_at
