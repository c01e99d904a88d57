"""Registered limits, and the limits of projects and domains."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pileus.identity.api import view
from pileus.identity.api.listing import many
from pileus.identity.backend import Backend
from pileus.identity.db import limit, project
from pileus.identity.model.limit import DESCRIPTIONS, Limit, RegisteredLimit
from pileus.identity.operations import limit as operations
from pileus.identity.operations.limit import LimitWish
from pileus.kit import ids
from pileus.kit.context import Context
from pileus.kit.db import Transaction
from pileus.kit.http.message import Reply, Request

# --- registered -------------------------------------------------------------------------------------


def list_registered(request: Request, backend: Backend) -> Reply:
    """GET /v3/registered_limits."""
    query = request.query
    with backend.database.read() as tx:
        rows = limit.list_registered(
            tx,
            service_id=query.get("service_id"),
            region_id=query.get("region_id"),
            resource_name=query.get("resource_name"),
        )
    return many(request, "registered_limits", map(view.registered_limit, rows))


def show_registered(request: Request, backend: Backend) -> Reply:
    """GET /v3/registered_limits/{registered_limit_id}."""
    with backend.database.read() as tx:
        row = limit.get_registered(tx, request.params["registered_limit_id"])
    return view.one(request, "registered_limit", "registered_limits", view.registered_limit(row))


def create_registered(request: Request, backend: Backend) -> Reply:
    """POST /v3/registered_limits: several at once."""
    new = [RegisteredLimit(id=ids.new_hex_id(), **each) for each in request.json()["registered_limits"]]
    rows = backend.database.write(operations.create_registered, new)
    return _made(request, "registered_limits", [view.registered_limit(row) for row in rows])


def update_registered(request: Request, backend: Backend) -> Reply:
    """PATCH /v3/registered_limits/{registered_limit_id}."""
    wanted = request.json()["registered_limit"]
    row = backend.database.write(operations.update_registered, request.params["registered_limit_id"], wanted)
    return view.one(request, "registered_limit", "registered_limits", view.registered_limit(row))


def delete_registered(request: Request, backend: Backend) -> Reply:
    """DELETE /v3/registered_limits/{registered_limit_id}."""
    backend.database.write(operations.delete_registered, request.params["registered_limit_id"])
    return Reply.empty()


# --- of projects and domains ------------------------------------------------------------------------


def index(request: Request, backend: Backend) -> Reply:
    """GET /v3/limits: all of them for who serves the cloud, else those of the domain or project of the caller."""
    query = request.query
    with backend.database.read() as tx:
        rows = limit.list_limits(
            tx,
            service_id=query.get("service_id"),
            region_id=query.get("region_id"),
            resource_name=query.get("resource_name"),
            project_id=query.get("project_id"),
            domain_id=query.get("domain_id"),
            within=_within(request.context),
        )
    return many(request, "limits", map(view.limit, rows))


def show(request: Request, backend: Backend) -> Reply:
    """GET /v3/limits/{limit_id}."""
    limit_id = request.params["limit_id"]
    with backend.database.read() as tx:
        row = limit.find(tx, limit_id)
        request.require({"target": {"limit": _target(tx, row)}} if row else {})
        row = row or limit.get(tx, limit_id)
    return view.one(request, "limit", "limits", view.limit(row))


def show_model(_request: Request, backend: Backend) -> Reply:
    """GET /v3/limits/model: what limits have to do with each other."""
    model = backend.enforcement_model
    return Reply.json({"model": {"name": model.value, "description": DESCRIPTIONS[model]}})


def create(request: Request, backend: Backend) -> Reply:
    """POST /v3/limits: several at once."""
    wishes = [_wish(each) for each in request.json()["limits"]]
    rows = backend.database.write(operations.create, wishes, backend.enforcement_model)
    return _made(request, "limits", [view.limit(row) for row in rows])


def update(request: Request, backend: Backend) -> Reply:
    """PATCH /v3/limits/{limit_id}."""
    wanted, model = request.json()["limit"], backend.enforcement_model
    row = backend.database.write(operations.update, request.params["limit_id"], wanted, model)
    return view.one(request, "limit", "limits", view.limit(row))


def delete(request: Request, backend: Backend) -> Reply:
    """DELETE /v3/limits/{limit_id}."""
    backend.database.write(operations.delete, request.params["limit_id"])
    return Reply.empty()


def _wish(body: dict[str, Any]) -> LimitWish:
    return LimitWish(**{"region_id": None, **body, "id": ids.new_hex_id()})


def _within(caller: Context) -> Any:
    if caller.is_system or not caller.roles.isdisjoint({"admin", "service"}):
        return None
    if caller.domain_id is not None:
        return limit.in_domain(caller.domain_id)
    return limit.of_project(caller.project_id or "")  # of none, if the token is for none


def _target(tx: Transaction, row: Limit) -> dict[str, Any]:
    target: dict[str, Any] = {"project_id": row.project_id, "domain_id": row.domain_id}
    if row.project_id is not None:
        target["project"] = {"domain_id": project.get(tx, row.project_id).domain_id}
    else:
        target["domain"] = {"id": row.domain_id}
    return target


def _made(request: Request, plural: str, shown: Sequence[view.View]) -> Reply:
    base = f"{request.base_url}/v3/{plural}"
    return Reply.json({plural: [{**row, "links": {"self": f"{base}/{row['id']}"}} for row in shown]}, 201)
