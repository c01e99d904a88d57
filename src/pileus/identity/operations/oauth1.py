"""OAuth1: a consumer asks, a user authorizes, the consumer gets an access token and logs in with it.

Who signs a request must know its consumer's secret and, from the second request on, that of the token. No signed
request is taken twice.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from pileus.identity.backend import Backend
from pileus.identity.db import nonce, project
from pileus.identity.db import oauth1 as db
from pileus.identity.model.assignment import TargetKind
from pileus.identity.model.errors import RequiredField, ResourceNotFound
from pileus.identity.model.extension_errors import (
    RequestTokenExpired,
    RequestTokenUnauthorized,
    RoleNotHeld,
    SignatureInvalid,
)
from pileus.identity.model.oauth1 import (
    VERIFIER_LENGTH,
    AccessToken,
    Consumer,
    RequestToken,
    SignedRequest,
    is_expired,
    new_verifier,
)
from pileus.identity.model.token import Scope
from pileus.identity.operations.change import Changes, changed
from pileus.identity.operations.delegated_role import NamedRole, ids_of
from pileus.identity.operations.rows import effective_roles
from pileus.identity.tokens import oauth1 as signature
from pileus.kit import ids
from pileus.kit.db import Transaction


def create_consumer(tx: Transaction, new: Consumer) -> Consumer:
    """Add a consumer."""
    db.add_consumer(tx, new)
    return new


def update_consumer(tx: Transaction, consumer_id: str, changes: Changes) -> Consumer:
    """Change a consumer. Raises OauthNotFound."""
    new: Consumer = changed(db.get_consumer(tx, consumer_id), changes)
    db.update_consumer(tx, new)
    return new


def create_request_token(tx: Transaction, backend: Backend, signed: SignedRequest, project_id: str) -> RequestToken:
    """Let a consumer ask to act in a project. Raises OauthNotFound, SignatureInvalid, ResourceNotFound."""
    now = backend.clock.now()
    consumer = db.get_consumer(tx, _parameter(signed, "oauth_consumer_key"))
    _require_genuine(tx, signed, consumer, "", now)
    project.get(tx, project_id)
    db.purge_request_tokens(tx, now)
    new = RequestToken(
        id=ids.new_hex_id(),
        secret=ids.new_secret(),
        consumer_id=consumer.id,
        project_id=project_id,
        expires_at=_end(now, backend.request_token_duration),
    )
    db.add_request_token(tx, new)
    return new


def authorize(
    tx: Transaction, backend: Backend, token_id: str, user_id: str, roles: Sequence[NamedRole]
) -> RequestToken:
    """Let a consumer have some of a user's roles.

    Raises OauthNotFound, RequestTokenExpired, RoleUndefined, RoleNotHeld.
    """
    token = db.get_request_token(tx, token_id)
    if is_expired(token.expires_at, backend.clock.now()):
        raise RequestTokenExpired
    held = {row.id for row in effective_roles(tx, user_id, Scope(kind=TargetKind.PROJECT, id=token.project_id))}
    wanted = ids_of(tx, roles)
    if not held.issuperset(wanted):
        raise RoleNotHeld
    verifier = new_verifier(backend.random(VERIFIER_LENGTH))
    authorized = replace(token, user_id=user_id, verifier=verifier, role_ids=tuple(wanted))
    db.authorize_request_token(tx, authorized)
    return authorized


def create_access_token(tx: Transaction, backend: Backend, signed: SignedRequest) -> AccessToken:
    """Exchange a request token that was authorized for an access token.

    Raises OauthNotFound, RequestTokenExpired, SignatureInvalid, RequestTokenUnauthorized.
    """
    now = backend.clock.now()
    consumer_id = _parameter(signed, "oauth_consumer_key")
    token = db.get_request_token(tx, _parameter(signed, "oauth_token"))
    verifier = _parameter(signed, "oauth_verifier")
    if is_expired(token.expires_at, now):
        raise RequestTokenExpired
    if token.consumer_id != consumer_id:
        raise SignatureInvalid
    _require_genuine(tx, signed, db.get_consumer(tx, consumer_id), token.secret, now)
    if token.user_id is None or token.verifier is None:
        raise RequestTokenUnauthorized("Request Token does not have an authorizing user id.")
    if not hmac.compare_digest(token.verifier.encode(), verifier.encode()):
        raise RequestTokenUnauthorized
    db.delete_request_token(tx, token.id)
    new = AccessToken(
        id=ids.new_hex_id(),
        secret=ids.new_secret(),
        consumer_id=consumer_id,
        project_id=token.project_id,
        user_id=token.user_id,
        role_ids=token.role_ids,
        expires_at=_end(now, backend.access_token_duration),
    )
    db.add_access_token(tx, new)
    return new


def delete_access_token(tx: Transaction, user_id: str, token_id: str) -> None:
    """Take back what a user had delegated; the tokens got by it are void at once. Raises OauthNotFound."""
    require_owned(db.get_access_token(tx, token_id), user_id)
    db.delete_access_token(tx, token_id)


def require_owned(token: AccessToken, user_id: str) -> AccessToken:
    """Return an access token that the user in the URL has given. Raises ResourceNotFound."""
    if token.user_id != user_id:
        raise ResourceNotFound(kind="access token", id=token.id)
    return token


def _require_genuine(tx: Transaction, signed: SignedRequest, consumer: Consumer, secret: str, now: datetime) -> None:
    """Make sure that a request is signed with both secrets, of now, and new. Raises SignatureInvalid."""
    signature.require_signed(signed, consumer.secret, secret, now)
    if not nonce.remember(tx, signed.nonce(now), now):
        raise SignatureInvalid


def _parameter(signed: SignedRequest, name: str) -> str:
    value = signed.parameters.get(name)
    if not value:
        raise RequiredField(what=name, where="request")
    return value


def _end(now: datetime, duration: timedelta) -> datetime | None:
    """Return when something ends; None: never."""
    return now + duration if duration else None
