"""Domains."""

from __future__ import annotations

from pileus.identity.api import view
from pileus.identity.api.body import changes, extra
from pileus.identity.api.listing import asked, page
from pileus.identity.backend import Backend
from pileus.identity.db import domain
from pileus.identity.model.errors import ResourceNotFound
from pileus.identity.model.resource import Domain
from pileus.identity.operations import domain as operations
from pileus.kit import ids
from pileus.kit.http.message import Reply, Request

_FIELDS = {"name", "description", "enabled", "tags"}


def index(request: Request, backend: Backend) -> Reply:
    """GET /v3/domains; who is scoped to a domain sees that one."""
    mine = request.context.domain_id
    request.require({"target": {"domain": {"id": mine}}})
    wanted = asked(request, backend, domain.FILTERS)
    with backend.database.read() as tx:
        rows = domain.list_domains(tx, wanted, domain_id=mine)
    return page(request, "domains", map(view.domain, rows), wanted)


def show(request: Request, backend: Backend) -> Reply:
    """GET /v3/domains/{domain_id}."""
    with backend.database.read() as tx:
        row = domain.find(tx, request.params["domain_id"])
    request.require({"target": {"domain": {"id": row.id}}} if row else {})
    if row is None:
        raise ResourceNotFound(kind="domain", id=request.params["domain_id"])
    return view.one(request, "domain", "domains", view.domain(row))


def create(request: Request, backend: Backend) -> Reply:
    """POST /v3/domains."""
    body = request.json()["domain"]
    new = Domain(
        id=body.get("explicit_domain_id") or ids.new_hex_id(),
        name=body["name"].strip(),
        description=body.get("description") or "",
        is_enabled=body.get("enabled", True),
        tags=tuple(body.get("tags", ())),
        extra=extra(body, {*_FIELDS, "explicit_domain_id"}),
    )
    row = backend.database.write(operations.create, new)
    return view.one(request, "domain", "domains", view.domain(row), 201)


def update(request: Request, backend: Backend) -> Reply:
    """PATCH /v3/domains/{domain_id}."""
    wanted = changes(request.json()["domain"], _FIELDS)
    with backend.database.read() as tx:  # as in the original, anybody is told what does not exist
        domain.get(tx, request.params["domain_id"])
    request.require({})
    row = backend.database.write(operations.update, request.params["domain_id"], wanted)
    return view.one(request, "domain", "domains", view.domain(row))


def delete(request: Request, backend: Backend) -> Reply:
    """DELETE /v3/domains/{domain_id}."""
    backend.database.write(operations.delete, request.params["domain_id"])
    return Reply.empty()
