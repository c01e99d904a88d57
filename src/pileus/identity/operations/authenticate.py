"""Logging in: from what somebody shows to a token; and making a token worthless."""

from __future__ import annotations

from collections.abc import Sequence

from pileus.identity.backend import Backend
from pileus.identity.db import nonce, revocation, trust, user
from pileus.identity.model.assignment import TargetKind
from pileus.identity.model.login_errors import Refused
from pileus.identity.model.password_rule import is_active
from pileus.identity.model.resource import User
from pileus.identity.model.token import METHODS, UNSCOPED, Grant, Scope, Token, new_audit_id
from pileus.identity.model.trust import Trust
from pileus.identity.operations import receipt, token_scope
from pileus.identity.operations.grant import require_good
from pileus.identity.operations.methods.proof import Proof, Shown
from pileus.identity.operations.rows import Rows
from pileus.identity.operations.token_scope import ScopeWish
from pileus.kit.db import Transaction
from pileus.kit.patience import require_time_to_wait


def issue(
    backend: Backend, proofs: Sequence[Proof], wish: ScopeWish, *, receipt_text: str | None = None
) -> tuple[str, Grant]:
    """Return a new token's text and what it stands for.

    Raises Refused, TooManyAttempts, PasswordExpired, MethodsLacking, ScopeForbidden, TokenExchangeForbidden.
    """
    if any(proof.method != "token" for proof in proofs):
        require_time_to_wait()  # the others count failures, and who begins again would be counted twice
    shown = [proof.prove(backend) for proof in proofs]  # slow hashes are computed here, outside of any transaction
    _require_first_time(backend, shown)
    with Rows(backend) as rows:
        proven = _reconcile(rows, shown)
        methods = receipt.require_enough(rows, proven.user, _methods(proofs, proven.parent), receipt_text)
        if proven.parent is not None:
            require_good(rows, proven.parent)  # again: it may have been revoked meanwhile
            token_scope.require_exchangeable(proven.parent, wish, may_be_scoped=backend.allow_rescope_scoped_token)
        token, used = _new_token(rows, proven, methods, wish)
        grant = require_good(rows, token, is_new=True)
    _touch(backend, proven.user)
    if used is not None and used.remaining_uses is not None and not backend.database.write(trust.consume_use, used.id):
        raise Refused("nothing remains of the trust")
    return backend.tokens.issue(token), grant


def revoke(backend: Backend, token: Token, *, has_descendants: bool) -> None:
    """Make a token worthless at once; if wished, and it is the first of its chain, all that were got with it too."""
    now = backend.clock.now()

    def write(tx: Transaction) -> None:
        # One that may still be shown as an expired token must stay revoked.
        revocation.purge(tx, now - backend.allow_expired_window)
        revocation.add(tx, token, now, has_descendants=has_descendants)

    backend.database.write(write)


# --- who ------------------------------------------------------------------------------------------


def _require_first_time(backend: Backend, shown: Sequence[Shown]) -> None:
    """Refuse a passcode or signature that was here before. It comes when all is proven: a proof may begin anew."""
    nonces = [each.nonce for each in shown if each.nonce is not None]
    if not nonces:
        return
    now = backend.clock.now()
    if not backend.database.write(lambda tx: all(nonce.remember(tx, each, now) for each in nonces)):
        raise Refused("what was shown was here before")


def _reconcile(rows: Rows, shown: Sequence[Shown]) -> Shown:
    """Return all that was shown, which is of one user, as that one is now. Raises Refused."""
    if len({each.user.id for each in shown}) != 1:
        raise Refused("what was shown is of different users")
    owner, rules, now = rows.find(user.find, shown[0].user.id), rows.backend.password_rules, rows.backend.clock.now()
    if owner is None or not is_active(rules, owner, now):
        raise Refused("the user does not exist or is disabled")
    for each in shown:
        before = each.user
        if (before.password_hash, before.tokens_valid_after) != (owner.password_hash, owner.tokens_valid_after):
            raise Refused("the user's password or tokens were changed meanwhile")
    delegated = next((each for each in shown if each.delegation is not None), None)
    return Shown(
        user=owner,
        parent=next((each.parent for each in shown if each.parent is not None), None),
        delegation=delegated.delegation if delegated else None,
        scope=delegated.scope if delegated else None,
        expires_at=min((each.expires_at for each in shown if each.expires_at is not None), default=None),
    )


def _methods(proofs: Sequence[Proof], parent: Token | None) -> tuple[str, ...]:
    """Return by which methods somebody has proven to be there, those of the token that was shown too."""
    return tuple(dict.fromkeys([*(proof.method for proof in proofs), *(parent.methods if parent else ())]))


def _touch(backend: Backend, who: User) -> None:
    """Where users who stay away are disabled, note that this one came, once a day."""
    if not backend.password_rules.disable_user_account_days_inactive:
        return
    now, last = backend.clock.now(), who.last_active_at
    if last is None or last.date() < now.date():
        backend.database.write(user.touch, who.id, now)


# --- the new token --------------------------------------------------------------------------------


def _new_token(rows: Rows, proven: Shown, methods: tuple[str, ...], wish: ScopeWish) -> tuple[Token, Trust | None]:
    """Return the token, and the trust that it was got by."""
    backend, used = rows.backend, None
    now = backend.clock.now()
    ends = [proven.expires_at]
    scope, delegation = proven.scope, proven.delegation
    if delegation is not None:
        if not wish.is_default:
            raise Refused("what limits the token says what it is for")
    elif wish.trust_id is not None:
        used, delegation = token_scope.find_trust(rows.tx, proven.user, wish.trust_id, now)
        scope = Scope(kind=TargetKind.PROJECT, id=used.project_id) if used.project_id else UNSCOPED
        ends.append(used.expires_at)
    # A token got for a token ends with it, or logging in once would last for ever.
    if proven.parent is None:
        ends.append((now + backend.token_lifetime).replace(microsecond=0))
    token = Token(
        user_id=proven.user.id,
        methods=tuple(sorted(methods, key=METHODS.index)),  # as when its text is read, so that it is found in memory
        scope=scope or token_scope.choose(rows, proven.user, wish),
        audit_ids=(new_audit_id(backend.random(16)), *(proven.parent.audit_ids[-1:] if proven.parent else ())),
        issued_at=now,
        expires_at=min(end for end in ends if end is not None),
        user_valid_after=proven.user.tokens_valid_after,
        delegation=delegation,
    )
    return token, used
