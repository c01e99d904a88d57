"""Users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pileus.identity.api import view
from pileus.identity.api.body import authorized_home, changes, extra
from pileus.identity.api.listing import asked, page
from pileus.identity.api.moment import read_moment
from pileus.identity.backend import Backend
from pileus.identity.db import federated_user, group, user
from pileus.identity.db.listing import Asked, Filter
from pileus.identity.model.errors import OperatorInvalid, ResourceNotFound
from pileus.identity.model.password_rule import is_active, require_strong
from pileus.identity.model.resource import FederatedUser, User
from pileus.identity.operations import password_change
from pileus.identity.operations import user as operations
from pileus.identity.tokens import password
from pileus.kit import ids
from pileus.kit.http.message import Reply, Request

_FIELDS = {"name", "description", "enabled", "domain_id", "default_project_id"}
_NEVER_KEPT = {"password", "password_expires_at", "federated"}
_OPERATORS = ("lt", "lte", "gt", "gte", "eq", "neq")


def index(request: Request, backend: Backend) -> Reply:
    """GET /v3/users; who is scoped to a domain sees those in it."""
    mine = request.context.domain_id
    request.require({"target": {"domain_id": mine}})
    return _many(request, backend, domain_id=mine)


def index_of_group(request: Request, backend: Backend) -> Reply:
    """GET /v3/groups/{group_id}/users."""
    with backend.database.read() as tx:
        row = group.find(tx, request.params["group_id"])
    request.require({"target": {"group": {"id": row.id, "domain_id": row.domain_id}}} if row else {})
    if row is None:
        raise ResourceNotFound(kind="group", id=request.params["group_id"])
    return _many(request, backend, domain_id=request.context.domain_id, group_id=row.id)


def show(request: Request, backend: Backend) -> Reply:
    """GET /v3/users/{user_id}."""
    return _one(request, backend, _authorized(request, backend))


def create(request: Request, backend: Backend) -> Reply:
    """POST /v3/users."""
    body = request.json()["user"]
    home = authorized_home(request, backend, "user", body)
    new = User(
        id=ids.new_hex_id(),
        name=body["name"].strip(),
        domain_id=home,
        password_hash=_hash(backend, body),
        default_project_id=body.get("default_project_id"),
        description=body.get("description"),
        is_enabled=body.get("enabled", True),
        extra=extra(body, _FIELDS | _NEVER_KEPT),
    )
    row = backend.database.write(
        operations.create, new, backend.clock.now(), rules=backend.password_rules, federated=_federated(body)
    )
    return _one(request, backend, row, 201)


def update(request: Request, backend: Backend) -> Reply:
    """PATCH /v3/users/{user_id}; a password of null leaves the user without one."""
    body = request.json()["user"]
    _authorized(request, backend)
    known = {name: value for name, value in body.items() if name not in _NEVER_KEPT}
    wanted: dict[str, Any] = changes(known, _FIELDS, texts=())
    if "password" in body:
        wanted["password_hash"] = _hash(backend, body)
    row = backend.database.write(
        operations.update,
        request.params["user_id"],
        wanted,
        backend.clock.now(),
        rules=backend.password_rules,
        federated=_federated(body),
    )
    return _one(request, backend, row)


def change_password(request: Request, backend: Backend) -> Reply:
    """POST /v3/users/{user_id}/password: by somebody who knows the old one, which is all the proof it needs."""
    body = request.json()["user"]
    password_change.change_password(
        backend,
        request.params["user_id"],
        body["original_password"],
        body["password"],
        address=request.client_address,
    )
    return Reply.empty()


def revoke_tokens(request: Request, backend: Backend) -> Reply:
    """DELETE /v3/users/{user_id}/tokens: all of them, the caller's own too."""
    row = _authorized(request, backend)
    backend.database.write(operations.revoke_tokens, row.id, backend.clock.now())
    return Reply.empty()


def delete(request: Request, backend: Backend) -> Reply:
    """DELETE /v3/users/{user_id}."""
    _authorized(request, backend)
    backend.database.write(operations.delete, request.params["user_id"])
    return Reply.empty()


def target_of(row: User | None) -> Mapping[str, Any]:
    """Return on what the rules about a user are checked."""
    return {} if row is None else {"user_id": row.id, "target": {"user": {"id": row.id, "domain_id": row.domain_id}}}


def _authorized(request: Request, backend: Backend) -> User:
    """Return the user of the path, if the caller may. Who may not does not learn whether it exists."""
    with backend.database.read() as tx:
        row = user.find(tx, request.params["user_id"])
    request.require(target_of(row))
    if row is None:
        raise ResourceNotFound(kind="user", id=request.params["user_id"])
    return row


def _one(request: Request, backend: Backend, row: User, status: int = 200) -> Reply:
    with backend.database.read() as tx:
        records = federated_user.list_of_user(tx, row.id)
    return view.one(request, "user", "users", view.user(_as_seen(backend, row), records), status)


def _many(request: Request, backend: Backend, *, domain_id: str | None, group_id: str | None = None) -> Reply:
    wanted = _expiring(asked(request, backend, user.FILTERS))
    with backend.database.read() as tx:
        rows = user.list_users(tx, domain_id=domain_id, group_id=group_id, asked=wanted)
    return page(request, "users", [view.user(_as_seen(backend, row)) for row in rows], wanted)


def _as_seen(backend: Backend, row: User) -> User:
    """Return a user as one who is disabled if that is what comes of not having been here for long."""
    return replace(row, is_enabled=is_active(backend.password_rules, row, backend.clock.now()))


def _expiring(wanted: Asked) -> Asked:
    """Return what was asked, with the times that passwords expire at read from their texts."""
    filters = [_moment_filter(each) if each.name == "password_expires_at" else each for each in wanted.filters]
    return replace(wanted, filters=tuple(filters))


def _moment_filter(wanted: Filter) -> Filter:
    """Read `lt:2026-01-31T12:00:00Z`; without an operator the times must be equal."""
    text = str(wanted.value)
    operator, timestamp = text.split(":", 1) if ":" in text[2:4] else ("eq", text)
    moment = read_moment(timestamp)
    if operator not in _OPERATORS:
        raise OperatorInvalid(operator=operator)
    return Filter(wanted.name, moment, operator)


def _federated(body: Mapping[str, Any]) -> Sequence[FederatedUser]:
    return [
        FederatedUser(idp_id=each["idp_id"], protocol_id=one["protocol_id"], unique_id=one["unique_id"])
        for each in body.get("federated") or ()
        for one in each["protocols"]
    ]


def _hash(backend: Backend, body: Mapping[str, Any]) -> str | None:
    """Return the hash of a body's password, if it has one. Raises PasswordWeak."""
    if "password" not in body:
        return None
    chosen = body["password"]
    require_strong(backend.password_rules, chosen)
    return None if chosen is None else password.hash_chosen(chosen, backend.password_rounds)
