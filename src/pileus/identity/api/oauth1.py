"""OAuth1: consumers, the three steps to an access token, and a user's access tokens."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from pileus.identity.api import view
from pileus.identity.api.body import changes, extra
from pileus.identity.api.delegation import grant_of, is_delegated
from pileus.identity.api.listing import many
from pileus.identity.backend import Backend
from pileus.identity.db import oauth1 as db
from pileus.identity.db import role
from pileus.identity.model.errors import RequiredField, ResourceNotFound
from pileus.identity.model.extension_errors import Delegated
from pileus.identity.model.oauth1 import AccessToken, Consumer, RequestToken, SignedRequest
from pileus.identity.model.resource import Role
from pileus.identity.operations import oauth1
from pileus.identity.operations.delegated_role import NamedRole
from pileus.identity.tokens import oauth1 as signature
from pileus.kit import ids
from pileus.kit.clock import isoformat_micro
from pileus.kit.http.message import Reply, Request

View = dict[str, Any]

_CONSUMER = {"description"}
_CONSUMERS = "OS-OAUTH1/consumers"
_NEVER_KEPT = {"secret"}


def signed(request: Request) -> SignedRequest:
    """Return a request as its consumer signed it. Raises RequiredField, OauthHeaderMalformed."""
    authorization = request.headers.get("authorization")
    if not authorization:
        raise RequiredField(what="oauth_consumer_key", where="request")
    question = f"?{request.query.text}" if request.query.text else ""
    return signature.read(request.method, f"{request.base_url}{request.path}{question}", authorization)


# --- consumers ------------------------------------------------------------------------------------


def list_consumers(request: Request, backend: Backend) -> Reply:
    """GET /v3/OS-OAUTH1/consumers."""
    with backend.database.read() as tx:
        rows = db.list_consumers(tx)
    return many(request, "consumers", map(_consumer, rows), _CONSUMERS)


def show_consumer(request: Request, backend: Backend) -> Reply:
    """GET /v3/OS-OAUTH1/consumers/{consumer_id}."""
    with backend.database.read() as tx:
        row = db.get_consumer(tx, request.params["consumer_id"])
    return view.one(request, "consumer", _CONSUMERS, _consumer(row))


def create_consumer(request: Request, backend: Backend) -> Reply:
    """POST /v3/OS-OAUTH1/consumers: the only reply that tells the secret."""
    body = request.json()["consumer"]
    new = Consumer(
        id=ids.new_hex_id(),
        secret=ids.new_secret(),
        description=body.get("description"),
        extra=extra(body, _CONSUMER | _NEVER_KEPT),
    )
    row = backend.database.write(oauth1.create_consumer, new)
    return view.one(request, "consumer", _CONSUMERS, {**_consumer(row), "secret": row.secret}, 201)


def update_consumer(request: Request, backend: Backend) -> Reply:
    """PATCH /v3/OS-OAUTH1/consumers/{consumer_id}."""
    wanted = changes(request.json()["consumer"], _CONSUMER, texts=())
    row = backend.database.write(oauth1.update_consumer, request.params["consumer_id"], wanted)
    return view.one(request, "consumer", _CONSUMERS, _consumer(row))


def delete_consumer(request: Request, backend: Backend) -> Reply:
    """DELETE /v3/OS-OAUTH1/consumers/{consumer_id}: what was got by it is void at once."""
    backend.database.write(db.delete_consumer, request.params["consumer_id"])
    return Reply.empty()


def _consumer(row: Consumer) -> View:
    return {**row.extra, "id": row.id, "description": row.description}


# --- the three steps ------------------------------------------------------------------------------


def create_request_token(request: Request, backend: Backend) -> Reply:
    """POST /v3/OS-OAUTH1/request_token: a consumer asks to act in a project."""
    sent, project_id = signed(request), request.headers.get("requested-project-id")
    if not project_id:
        raise RequiredField(what="Requested-Project-Id", where="request")
    return _shown(backend.database.write(oauth1.create_request_token, backend, sent, project_id))


def authorize(request: Request, backend: Backend) -> Reply:
    """PUT /v3/OS-OAUTH1/authorize/{request_token_id}: a user lets a consumer have some of his roles."""
    _require_primary(request, backend, "Cannot authorize a request token with a token issued via delegation.")
    roles = [NamedRole(**each) for each in request.json().get("roles", ())]
    token_id, user_id = request.params["request_token_id"], request.context.user_id
    token = backend.database.write(oauth1.authorize, backend, token_id, user_id, roles)
    return Reply.json({"token": {"oauth_verifier": token.verifier}})


def create_access_token(request: Request, backend: Backend) -> Reply:
    """POST /v3/OS-OAUTH1/access_token: the consumer shows the verifier that the user told it."""
    return _shown(backend.database.write(oauth1.create_access_token, backend, signed(request)))


def _shown(token: RequestToken | AccessToken) -> Reply:
    pairs = {"oauth_token": token.id, "oauth_token_secret": token.secret}
    if token.expires_at is not None:
        pairs["oauth_expires_at"] = isoformat_micro(token.expires_at)
    return Reply.text(urlencode(pairs, safe=":"), 201, "application/x-www-form-urlencoded")


# --- access tokens --------------------------------------------------------------------------------


def list_access_tokens(request: Request, backend: Backend) -> Reply:
    """GET /v3/users/{user_id}/OS-OAUTH1/access_tokens."""
    _require_to_manage(request, backend)
    user_id = request.params["user_id"]
    with backend.database.read() as tx:
        rows = db.list_access_tokens(tx, user_id)
    return many(request, "access_tokens", (_access_token(request, row) for row in rows), _path(user_id))


def show_access_token(request: Request, backend: Backend) -> Reply:
    """GET /v3/users/{user_id}/OS-OAUTH1/access_tokens/{access_token_id}."""
    _require_to_manage(request, backend)
    row = _named(request, backend)
    return view.one(request, "access_token", _path(row.user_id), _access_token(request, row))


def delete_access_token(request: Request, backend: Backend) -> Reply:
    """DELETE /v3/users/{user_id}/OS-OAUTH1/access_tokens/{access_token_id}: what was got by it is void at once."""
    _require_to_manage(request, backend)
    params = request.params
    backend.database.write(oauth1.delete_access_token, params["user_id"], params["access_token_id"])
    return Reply.empty()


def list_roles(request: Request, backend: Backend) -> Reply:
    """GET /v3/users/{user_id}/OS-OAUTH1/access_tokens/{access_token_id}/roles."""
    token = _named(request, backend)
    with backend.database.read() as tx:
        rows = role.list_by_ids(tx, token.role_ids)
    return many(request, "roles", map(_role, rows))


def show_role(request: Request, backend: Backend) -> Reply:
    """GET /v3/users/{user_id}/OS-OAUTH1/access_tokens/{access_token_id}/roles/{role_id}."""
    token, role_id = _named(request, backend), request.params["role_id"]
    with backend.database.read() as tx:
        found = role.find(tx, role_id) if role_id in token.role_ids else None
    if found is None:
        raise ResourceNotFound(kind="role", id=role_id)
    return view.one(request, "role", "roles", _role(found))


def _named(request: Request, backend: Backend) -> AccessToken:
    with backend.database.read() as tx:
        token = db.get_access_token(tx, request.params["access_token_id"])
    return oauth1.require_owned(token, request.params["user_id"])


def _path(user_id: str) -> str:
    return f"users/{user_id}/OS-OAUTH1/access_tokens"


def _access_token(request: Request, row: AccessToken) -> View:
    return {
        "id": row.id,
        "consumer_id": row.consumer_id,
        "authorizing_user_id": row.user_id,
        "project_id": row.project_id,
        "expires_at": None if row.expires_at is None else isoformat_micro(row.expires_at),
        "links": {"roles": f"{request.base_url}/v3/{_path(row.user_id)}/{row.id}/roles"},
    }


def _role(row: Role) -> View:
    return {name: value for name, value in view.role(row).items() if name != "description"}


def _require_to_manage(request: Request, backend: Backend) -> None:
    _require_primary(request, backend, "Cannot manage OAuth access tokens with a token issued via delegation.")


def _require_primary(request: Request, backend: Backend, refusal: str) -> None:
    if is_delegated(grant_of(request, backend)):
        raise Delegated(refusal)
