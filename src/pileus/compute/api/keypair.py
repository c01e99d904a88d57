"""Key pairs of the caller, or of the user that an administrator names."""

from __future__ import annotations

from typing import Any

from pileus.compute.api import versions as v
from pileus.compute.api.links import next_links
from pileus.compute.backend import Backend
from pileus.compute.db import keypair as rows
from pileus.compute.model.error.keypair import KeyPairNotFound
from pileus.compute.model.error.server import MarkerNotFound
from pileus.compute.model.keypair import SSH, KeyPair
from pileus.compute.operations import keypair as operations
from pileus.compute.operations import quota
from pileus.kit.db import Transaction
from pileus.kit.http.message import Reply, Request
from pileus.kit.http.page import limit_of


def list_all(request: Request, backend: Backend) -> Reply:
    """GET /os-keypairs."""
    user_id = _owner(request, request.query.get("user_id"))
    limit, marker = None, None
    if request.since(v.KEYPAIR_PAGES):
        limit, marker = limit_of(request, default=None, maximum=backend.settings.max_limit), request.query.get("marker")
    with backend.database.read() as tx:
        if marker is not None:
            _require_marker(tx, user_id, marker)
        found = rows.list_by_user(tx, user_id, after=marker, limit=limit)
    more = {} if limit is None else next_links(request, "keypairs_links", [pair.name for pair in found], limit)
    return Reply.json({"keypairs": [{"keypair": _brief(request, pair)} for pair in found], **more})


def show(request: Request, backend: Backend) -> Reply:
    """GET /os-keypairs/{name}."""
    user_id = _owner(request, request.query.get("user_id"))
    with backend.database.read() as tx:
        keypair = rows.get(tx, user_id, request.params["name"])
    more = {
        "id": keypair.number,
        "user_id": keypair.user_id,
        "created_at": keypair.created_at.strftime("%Y-%m-%dT%H:%M:%S.%f"),
        "updated_at": None,
        "deleted": False,
        "deleted_at": None,
    }
    return Reply.json({"keypair": {**_brief(request, keypair), **more}})


def create(request: Request, backend: Backend) -> Reply:
    """POST /os-keypairs: keep the given public key, or make a pair and show its private half this once."""
    asked, now = request.json()["keypair"], backend.clock.now()
    user_id, kind = _owner(request, asked.get("user_id")), asked.get("type", SSH)
    project_id = request.context.project_id or ""
    defaults = backend.quota_of(project_id)
    with backend.database.read() as tx:  # before the work of making one
        operations.require_room(tx, user_id, quota.limits(tx, defaults, project_id, user_id)["key_pairs"])
    public_key, private_key = asked.get("public_key"), None
    if public_key is None:
        public_key, private_key = operations.generate(kind, user_id, now)
    keypair = KeyPair(
        user_id=user_id,
        name=asked["name"],
        type=kind,
        fingerprint=operations.fingerprint_of(kind, public_key),
        public_key=public_key,
        created_at=now,
    )

    def add(tx: Transaction) -> None:
        limit = quota.limits(tx, defaults, project_id, user_id)["key_pairs"]
        operations.add(tx, keypair, limit, is_generated=private_key is not None)

    backend.database.write(add)
    document = {**_brief(request, keypair), "user_id": user_id}
    if private_key is not None:
        document["private_key"] = private_key
    return Reply.json({"keypair": document}, 201 if request.since(v.KEYPAIR_TYPES) else 200)


def delete(request: Request, backend: Backend) -> Reply:
    """DELETE /os-keypairs/{name}."""
    user_id = _owner(request, request.query.get("user_id"))
    backend.database.write(operations.delete, user_id, request.params["name"])
    return Reply.empty(204 if request.since(v.KEYPAIR_TYPES) else 202)


def _owner(request: Request, asked: str | None) -> str:
    """Return whose key pairs are meant, if the caller may see to them. Raises Forbidden."""
    named = asked if request.since(v.KEYPAIR_USER) else None
    user_id = named or request.context.user_id
    request.require({"user_id": user_id})
    return user_id


def _require_marker(tx: Transaction, user_id: str, marker: str) -> None:
    try:
        rows.get(tx, user_id, marker)
    except KeyPairNotFound:
        raise MarkerNotFound(f"Marker {marker} could not be found.") from None


def _brief(request: Request, keypair: KeyPair) -> dict[str, Any]:
    document = {"name": keypair.name, "public_key": keypair.public_key, "fingerprint": keypair.fingerprint}
    return {**document, "type": keypair.type} if request.since(v.KEYPAIR_TYPES) else document
