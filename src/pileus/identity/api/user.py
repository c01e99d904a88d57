"""Users."""

from __future__ import annotations

from typing import Any

from pileus.identity.api import view
from pileus.identity.api.body import changes, extra, home_of
from pileus.identity.api.listing import flag, many
from pileus.identity.backend import Backend
from pileus.identity.db import domain, user
from pileus.identity.model.errors import ReferenceInvalid, Refused, ResourceNotFound
from pileus.identity.model.resource import User
from pileus.identity.operations import user as operations
from pileus.identity.tokens import password
from pileus.kit import ids
from pileus.kit.http.message import Reply, Request

_FIELDS = {"name", "description", "enabled", "domain_id", "default_project_id"}
_NEVER_KEPT = {"password", "password_expires_at", "federated"}


def index(request: Request, backend: Backend) -> Reply:
    """GET /v3/users; who is scoped to a domain sees those in it."""
    query, mine = request.query, request.context.domain_id
    request.require({"target": {"domain_id": mine}})
    with backend.database.read() as tx:
        rows = user.list_users(
            tx, domain_id=query.get("domain_id"), name=query.get("name"), is_enabled=flag(request, "enabled")
        )
    return many(request, "users", [view.user(row) for row in rows if mine in (None, row.domain_id)])


def show(request: Request, backend: Backend) -> Reply:
    """GET /v3/users/{user_id}."""
    return view.one(request, "user", "users", view.user(_authorized(request, backend)))


def create(request: Request, backend: Backend) -> Reply:
    """POST /v3/users."""
    body = request.json()["user"]
    home = body.get("domain_id") or home_of(request, backend)
    with backend.database.read() as tx:
        found = domain.find(tx, home)
    request.require({"target": {"user": {"domain_id": found.id}}} if found else {})
    if found is None:
        raise ReferenceInvalid(kind="domain", id=home)
    new = User(
        id=ids.new_hex_id(),
        name=body["name"],
        domain_id=found.id,
        password_hash=_hash(backend, body.get("password")),
        default_project_id=body.get("default_project_id"),
        description=body.get("description"),
        is_enabled=body.get("enabled", True),
        extra=extra(body, _FIELDS | _NEVER_KEPT),
    )
    row = backend.database.write(operations.create, new)
    return view.one(request, "user", "users", view.user(row), 201)


def update(request: Request, backend: Backend) -> Reply:
    """PATCH /v3/users/{user_id}; a password of null leaves the user without one."""
    body = request.json()["user"]
    _authorized(request, backend)
    known = {name: value for name, value in body.items() if name not in _NEVER_KEPT}
    wanted: dict[str, Any] = changes(known, _FIELDS, texts=())
    if "password" in body:
        wanted["password_hash"] = _hash(backend, body["password"])
    row = backend.database.write(operations.update, request.params["user_id"], wanted, backend.clock.now())
    return view.one(request, "user", "users", view.user(row))


def change_password(request: Request, backend: Backend) -> Reply:
    """POST /v3/users/{user_id}/password: by somebody who knows the old one, which is all the proof it needs."""
    body = request.json()["user"]
    with backend.database.read() as tx:
        row = user.find(tx, request.params["user_id"])
    if row is None or row.password_hash is None:
        backend.decoy.verify(body["original_password"])
        raise Refused("there is no such user, or it has no password")
    if not password.verify(body["original_password"], row.password_hash):
        raise Refused("the old password is wrong")
    if not row.is_enabled:
        raise Refused("the user is disabled")
    new_hash = password.hash_chosen(body["password"], backend.password_rounds)
    now = backend.clock.now()
    backend.database.write(operations.change_password, row.id, old_hash=row.password_hash, new_hash=new_hash, now=now)
    return Reply.empty()


def delete(request: Request, backend: Backend) -> Reply:
    """DELETE /v3/users/{user_id}."""
    _authorized(request, backend)
    backend.database.write(operations.delete, request.params["user_id"])
    return Reply.empty()


def _authorized(request: Request, backend: Backend) -> User:
    """Return the user of the path, if the caller may. Who may not does not learn whether it exists."""
    with backend.database.read() as tx:
        row = user.find(tx, request.params["user_id"])
    request.require({"target": {"user": {"id": row.id, "domain_id": row.domain_id}}} if row else {})
    if row is None:
        raise ResourceNotFound(kind="user", id=request.params["user_id"])
    return row


def _hash(backend: Backend, chosen: str | None) -> str | None:
    return None if chosen is None else password.hash_chosen(chosen, backend.password_rounds)
