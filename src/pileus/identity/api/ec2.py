"""EC2 keys: credentials of that type in their own clothes."""

from __future__ import annotations

import json
from typing import Any

from pileus.identity.api.delegation import grant_of, require_primary
from pileus.identity.api.listing import links_of
from pileus.identity.api.view import View
from pileus.identity.backend import Backend
from pileus.identity.db import credential, project, user
from pileus.identity.model.credential import EC2, Credential, ec2_id
from pileus.identity.model.delegation_errors import Ec2KeyUnknown
from pileus.identity.operations import credential as operations
from pileus.identity.tokens import blob
from pileus.kit import ids
from pileus.kit.http.message import Reply, Request


def index(request: Request, backend: Backend) -> Reply:
    """GET /v3/users/{user_id}/credentials/OS-EC2."""
    owner = request.params["user_id"]
    request.require({"user_id": owner})
    require_primary(grant_of(request, backend))
    with backend.database.read() as tx:
        rows = credential.list_of_user(tx, user.get(tx, owner).id, EC2)
    return Reply.json({"credentials": [_shown(request, backend, row) for row in rows], "links": links_of(request)})


def show(request: Request, backend: Backend) -> Reply:
    """GET /v3/users/{user_id}/credentials/OS-EC2/{access}."""
    row = _authorized(request, backend)
    return Reply.json({"credential": _shown(request, backend, row)})


def create(request: Request, backend: Backend) -> Reply:
    """POST /v3/users/{user_id}/credentials/OS-EC2: a new key for one project."""
    with backend.database.read() as tx:
        owner = user.find(tx, request.params["user_id"])
        request.require({} if owner is None else _target(owner.id))
        owner = user.get(tx, request.params["user_id"])
        home = project.get(tx, request.json()["tenant_id"])
    require_primary(grant_of(request, backend))
    secret = {"access": ids.new_hex_id(), "secret": ids.new_secret(), "trust_id": None}
    new = Credential(
        id=ec2_id(str(secret["access"])),
        user_id=owner.id,
        type=EC2,
        encrypted_blob=blob.encrypt(backend.credential_keys, json.dumps(secret)),
        project_id=home.id,
    )
    row = backend.database.write(operations.create, new)
    return Reply.json({"credential": _shown(request, backend, row)}, 201)


def delete(request: Request, backend: Backend) -> Reply:
    """DELETE /v3/users/{user_id}/credentials/OS-EC2/{access}."""
    backend.database.write(operations.delete, _authorized(request, backend).id)
    return Reply.empty()


def _authorized(request: Request, backend: Backend) -> Credential:
    """Return the credential with the key of the path, if the caller may. Whose it is says the database alone."""
    which = ec2_id(request.params["credential_id"])
    with backend.database.read() as tx:
        row = credential.get(tx, which)  # a key is a secret, so who knows one may know that it does not exist
        request.require(_target(row.user_id))
        user.get(tx, request.params["user_id"])
    if row.type != EC2:
        raise Ec2KeyUnknown
    require_primary(grant_of(request, backend))
    return row


def _target(user_id: str) -> dict[str, Any]:
    return {"target": {"credential": {"user_id": user_id}}}


def _shown(request: Request, backend: Backend, row: Credential) -> View:
    secret = operations.read_ec2(blob.decrypt(backend.credential_keys, row.encrypted_blob))
    path = f"/v3/users/{row.user_id}/credentials/OS-EC2/{secret['access']}"
    return {
        "user_id": row.user_id,
        "tenant_id": row.project_id,
        "access": secret["access"],
        "secret": secret.get("secret"),
        "trust_id": secret.get("trust_id"),
        "links": {"self": f"{request.base_url}{path}"},
    }
