"""Key pairs of the caller."""

from __future__ import annotations

from typing import Any

from pileus.compute.backend import Backend
from pileus.compute.db import keypair as rows
from pileus.compute.model.keypair import KeyPair
from pileus.compute.operations import keypair as operations
from pileus.compute.operations import quota
from pileus.kit.db import Transaction
from pileus.kit.http.message import Reply, Request


def list_all(request: Request, backend: Backend) -> Reply:
    """GET /os-keypairs."""
    with backend.database.read() as tx:
        found = rows.list_by_user(tx, request.context.user_id)
    return Reply.json({"keypairs": [{"keypair": _brief(keypair)} for keypair in found]})


def show(request: Request, backend: Backend) -> Reply:
    """GET /os-keypairs/{name}."""
    with backend.database.read() as tx:
        keypair = rows.get(tx, request.context.user_id, request.params["name"])
    more = {
        "id": keypair.number,
        "user_id": keypair.user_id,
        "created_at": keypair.created_at.strftime("%Y-%m-%dT%H:%M:%S.%f"),
        "updated_at": None,
        "deleted": False,
        "deleted_at": None,
    }
    return Reply.json({"keypair": {**_brief(keypair), **more}})


def create(request: Request, backend: Backend) -> Reply:
    """POST /os-keypairs: keep the given public key, or make a pair and show its private half this once."""
    asked, user_id = request.json()["keypair"], request.context.user_id
    public_key, private_key = asked.get("public_key"), None
    if public_key is None:
        public_key, private_key = operations.generate()

    def add(tx: Transaction) -> KeyPair:
        limit = quota.limits(tx, backend.settings.quota, request.context.project_id or "")["key_pairs"]
        return operations.add(tx, user_id, asked["name"], public_key, limit, backend.clock.now())

    document = {**_brief(backend.database.write(add)), "user_id": user_id}
    if private_key is not None:
        document["private_key"] = private_key
    return Reply.json({"keypair": document})


def delete(request: Request, backend: Backend) -> Reply:
    """DELETE /os-keypairs/{name}."""
    backend.database.write(operations.delete, request.context.user_id, request.params["name"])
    return Reply.empty(202)


def _brief(keypair: KeyPair) -> dict[str, Any]:
    return {"name": keypair.name, "public_key": keypair.public_key, "fingerprint": keypair.fingerprint}
