"""OAuth1's consumers and tokens, and the signed requests that were here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import bindparam, select

from pileus.identity.db import extra
from pileus.identity.db.extension_tables import access_token, consumer, request_token
from pileus.identity.model.extension_errors import OauthNotFound
from pileus.identity.model.oauth1 import AccessToken, Consumer, RequestToken
from pileus.kit.db import Row, Transaction

_CONSUMER = select(consumer).where(consumer.c.id == bindparam("which"))
_CONSUMERS = select(consumer).order_by(consumer.c.id)
_REQUEST_TOKEN = select(request_token).where(request_token.c.id == bindparam("which"))
_ACCESS_TOKEN = select(access_token).where(access_token.c.id == bindparam("which"))
_ACCESS_TOKENS = select(access_token).where(access_token.c.user_id == bindparam("user")).order_by(access_token.c.id)

# --- consumers ------------------------------------------------------------------------------------


def get_consumer(tx: Transaction, consumer_id: str) -> Consumer:
    """Return a consumer. Raises OauthNotFound."""
    row = tx.first(_CONSUMER, {"which": consumer_id})
    if row is None:
        raise OauthNotFound(kind="Consumer")
    return _consumer(row)


def list_consumers(tx: Transaction) -> Sequence[Consumer]:
    """Return consumers by id."""
    return [_consumer(row) for row in tx.all(_CONSUMERS)]


def add_consumer(tx: Transaction, new: Consumer) -> None:
    """Write a new consumer."""
    values = {"description": new.description, "extra": extra.dump(new.extra)}
    tx.execute(consumer.insert(), {"id": new.id, "secret": new.secret, **values})


def update_consumer(tx: Transaction, changed: Consumer) -> None:
    """Write a consumer's new values."""
    values = {"description": changed.description, "extra": extra.dump(changed.extra)}
    tx.execute(consumer.update().where(consumer.c.id == changed.id).values(**values))


def delete_consumer(tx: Transaction, consumer_id: str) -> None:
    """Remove a consumer; its tokens go too. Raises OauthNotFound."""
    if not tx.changed(consumer.delete().where(consumer.c.id == consumer_id)):
        raise OauthNotFound(kind="Consumer")


def _consumer(row: Row) -> Consumer:
    return Consumer(id=row.id, secret=row.secret, description=row.description, extra=extra.load(row.extra))


# --- request tokens -------------------------------------------------------------------------------


def get_request_token(tx: Transaction, token_id: str) -> RequestToken:
    """Return a request token. Raises OauthNotFound."""
    row = tx.first(_REQUEST_TOKEN, {"which": token_id})
    if row is None:
        raise OauthNotFound(kind="Request token")
    return RequestToken(
        id=row.id,
        secret=row.secret,
        consumer_id=row.consumer_id,
        project_id=row.project_id,
        expires_at=row.expires_at,
        user_id=row.user_id,
        verifier=row.verifier,
        role_ids=_load(row.role_ids),
    )


def add_request_token(tx: Transaction, new: RequestToken) -> None:
    """Write a new request token."""
    values = {"consumer_id": new.consumer_id, "project_id": new.project_id, "expires_at": new.expires_at}
    tx.execute(request_token.insert(), {"id": new.id, "secret": new.secret, **values, **_authorization(new)})


def authorize_request_token(tx: Transaction, changed: RequestToken) -> None:
    """Write who has authorized a request token, for what."""
    tx.execute(request_token.update().where(request_token.c.id == changed.id).values(**_authorization(changed)))


def delete_request_token(tx: Transaction, token_id: str) -> None:
    """Remove a request token. Raises OauthNotFound."""
    if not tx.changed(request_token.delete().where(request_token.c.id == token_id)):
        raise OauthNotFound(kind="Request token")


def purge_request_tokens(tx: Transaction, before: datetime) -> int:
    """Forget request tokens that came too late; the count."""
    return tx.changed(request_token.delete().where(request_token.c.expires_at < before))


def _authorization(token: RequestToken) -> dict[str, Any]:
    return {"user_id": token.user_id, "verifier": token.verifier, "role_ids": _dump(token.role_ids)}


# --- access tokens --------------------------------------------------------------------------------


def get_access_token(tx: Transaction, token_id: str) -> AccessToken:
    """Return an access token. Raises OauthNotFound."""
    found = find_access_token(tx, token_id)
    if found is None:
        raise OauthNotFound(kind="Access token")
    return found


def find_access_token(tx: Transaction, token_id: str) -> AccessToken | None:
    """Return an access token, or None."""
    row = tx.first(_ACCESS_TOKEN, {"which": token_id})
    return None if row is None else _access_token(row)


def list_access_tokens(tx: Transaction, user_id: str) -> Sequence[AccessToken]:
    """Return the access tokens that a user has given, by id."""
    return [_access_token(row) for row in tx.all(_ACCESS_TOKENS, {"user": user_id})]


def add_access_token(tx: Transaction, new: AccessToken) -> None:
    """Write a new access token."""
    row = {
        "id": new.id,
        "secret": new.secret,
        "consumer_id": new.consumer_id,
        "project_id": new.project_id,
        "user_id": new.user_id,
        "role_ids": _dump(new.role_ids),
        "expires_at": new.expires_at,
    }
    tx.execute(access_token.insert(), row)


def delete_access_token(tx: Transaction, token_id: str) -> None:
    """Remove an access token."""
    tx.execute(access_token.delete().where(access_token.c.id == token_id))


def _access_token(row: Row) -> AccessToken:
    return AccessToken(
        id=row.id,
        secret=row.secret,
        consumer_id=row.consumer_id,
        project_id=row.project_id,
        user_id=row.user_id,
        role_ids=_load(row.role_ids),
        expires_at=row.expires_at,
    )


def _dump(role_ids: Sequence[str]) -> str:
    return msgspec.json.encode(role_ids).decode()


def _load(text: str) -> tuple[str, ...]:
    return msgspec.json.decode(text, type=tuple[str, ...])
