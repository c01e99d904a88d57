"""Credentials of any type. Who they belong to is what the database says, and never changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pileus.identity.api import view, view_credential
from pileus.identity.api.body import extra
from pileus.identity.api.delegation import grant_of, is_delegated, require_primary
from pileus.identity.api.listing import asked, page
from pileus.identity.backend import Backend
from pileus.identity.db import credential, user
from pileus.identity.db.listing import Asked
from pileus.identity.model.credential import EC2, Credential, ec2_id
from pileus.identity.model.errors import ResourceNotFound
from pileus.identity.operations import credential as operations
from pileus.identity.tokens import blob
from pileus.kit import ids
from pileus.kit.http.message import Reply, Request

_FIELDS = {"user_id", "project_id", "type", "blob", "encrypted_blob", "key_hash"}


def index(request: Request, backend: Backend) -> Reply:
    """GET /v3/credentials: the caller's own, and everybody's for who may see them."""
    mine = request.context.user_id
    request.require(_target(mine))
    wanted = asked(request, backend, credential.FILTERS)
    rows = [] if is_delegated(grant_of(request, backend)) else _visible(request, backend, wanted)
    return page(request, "credentials", [_shown(backend, row) for row in rows], wanted)


def show(request: Request, backend: Backend) -> Reply:
    """GET /v3/credentials/{credential_id}."""
    row = _authorized(request, backend)
    return view.one(request, "credential", "credentials", _shown(backend, row))


def create(request: Request, backend: Backend) -> Reply:
    """POST /v3/credentials; that of an EC2 key is found by the key."""
    body = request.json()["credential"]
    with backend.database.read() as tx:
        owner = user.find(tx, body["user_id"])
    request.require({} if owner is None else _target(owner.id))
    require_primary(grant_of(request, backend))
    is_ec2 = body["type"].lower() == EC2
    new = Credential(
        id=ec2_id(operations.read_ec2(body["blob"])["access"]) if is_ec2 else ids.new_hex_id(),
        user_id=body["user_id"],
        type=body["type"],
        encrypted_blob=blob.encrypt(backend.credential_keys, body["blob"]),
        project_id=body.get("project_id"),
        extra=extra(body, _FIELDS),
    )
    row = backend.database.write(operations.create, new)
    return view.one(request, "credential", "credentials", _shown(backend, row), 201)


def update(request: Request, backend: Backend) -> Reply:
    """PATCH /v3/credentials/{credential_id}: a new blob."""
    row = _authorized(request, backend)
    secret = request.json()["credential"]["blob"]
    row = backend.database.write(operations.update, backend.credential_keys, row.id, secret)
    return view.one(request, "credential", "credentials", _shown(backend, row))


def delete(request: Request, backend: Backend) -> Reply:
    """DELETE /v3/credentials/{credential_id}."""
    backend.database.write(operations.delete, _authorized(request, backend).id)
    return Reply.empty()


def _authorized(request: Request, backend: Backend) -> Credential:
    """Return the credential of the path, if the caller may. Who may not does not learn whether it exists."""
    which = request.params["credential_id"]
    with backend.database.read() as tx:
        row = credential.find(tx, which)
    request.require({} if row is None else _target(row.user_id))
    require_primary(grant_of(request, backend))
    if row is None:
        raise ResourceNotFound(kind="credential", id=which)
    return row


def _visible(request: Request, backend: Backend, wanted: Asked) -> Sequence[Credential]:
    """Return what the caller may see: who may see a credential that is nobody's may see all."""
    mine = None if request.may("identity:get_credential", {}) else request.context.user_id
    with backend.database.read() as tx:
        return credential.list_credentials(tx, wanted, user_id=mine)


def _target(user_id: str) -> dict[str, Any]:
    return {"target": {"credential": {"user_id": user_id}}}


def _shown(backend: Backend, row: Credential) -> view.View:
    return view_credential.credential(row, blob.decrypt(backend.credential_keys, row.encrypted_blob))
