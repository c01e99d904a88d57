"""Roles, of the whole cloud or of one domain; the latter have policy rules of their own."""

from __future__ import annotations

from pileus.identity.api import view
from pileus.identity.api.body import changes, extra
from pileus.identity.api.listing import many
from pileus.identity.backend import Backend
from pileus.identity.db import role
from pileus.identity.model.resource import Role
from pileus.identity.operations import role as operations
from pileus.kit import ids
from pileus.kit.http.message import Reply, Request

_FIELDS = {"name", "description", "domain_id"}


def index(request: Request, backend: Backend) -> Reply:
    """GET /v3/roles: those of the whole cloud, or those of one domain."""
    domain_id = request.query.get("domain_id")
    request.require({}, _rule("list", domain_id, plural="s"))
    with backend.database.read() as tx:
        rows = role.list_roles(tx, name=request.query.get("name"), domain_id=domain_id)
    return many(request, "roles", map(view.role, rows))


def show(request: Request, backend: Backend) -> Reply:
    """GET /v3/roles/{role_id}."""
    return view.one(request, "role", "roles", view.role(_authorized(request, backend, "get")))


def create(request: Request, backend: Backend) -> Reply:
    """POST /v3/roles."""
    body = request.json()["role"]
    request.require({}, _rule("create", body.get("domain_id")))
    new = Role(
        id=ids.new_hex_id(),
        name=body["name"].strip(),
        domain_id=body.get("domain_id"),
        description=body.get("description"),
        extra=extra(body, _FIELDS),
    )
    row = backend.database.write(operations.create, new)
    return view.one(request, "role", "roles", view.role(row), 201)


def update(request: Request, backend: Backend) -> Reply:
    """PATCH /v3/roles/{role_id}."""
    wanted = changes(request.json()["role"], _FIELDS, texts=())
    _authorized(request, backend, "update")
    row = backend.database.write(operations.update, request.params["role_id"], wanted)
    return view.one(request, "role", "roles", view.role(row))


def delete(request: Request, backend: Backend) -> Reply:
    """DELETE /v3/roles/{role_id}."""
    _authorized(request, backend, "delete")
    backend.database.write(operations.delete, request.params["role_id"])
    return Reply.empty()


def _authorized(request: Request, backend: Backend, verb: str) -> Role:
    """Return the role of the path, if the caller may; as in the original, anybody is told that there is none."""
    with backend.database.read() as tx:
        row = role.get(tx, request.params["role_id"])
    target = {"role": {"id": row.id, "name": row.name, "domain_id": row.domain_id}}
    request.require({"target": target}, _rule(verb, row.domain_id))
    return row


def _rule(verb: str, domain_id: str | None, *, plural: str = "") -> str:
    kind = "role" if domain_id is None else "domain_role"
    return f"identity:{verb}_{kind}{plural}"
