"""Regions, services and endpoints."""

from __future__ import annotations

from typing import Any

from pileus.identity.api import view
from pileus.identity.backend import Backend
from pileus.identity.db import catalog as db
from pileus.identity.model.catalog import Endpoint, Region, Service
from pileus.identity.operations import catalog
from pileus.kit import ids
from pileus.kit.http.message import Reply, Request

_FIELDS = {
    "region": {"id", "description", "parent_region_id", "links"},
    "service": {"id", "type", "name", "description", "enabled", "links"},
    "endpoint": {"id", "service_id", "interface", "url", "region", "region_id", "enabled", "links"},
}
_RENAMED = {"enabled": "is_enabled", "region": "region_id"}


def _extra(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in _FIELDS[kind]}


def _changes(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    known = _FIELDS[kind] & body.keys() - {"id", "links"}
    return {**{_RENAMED.get(name, name): body[name] for name in known}, "extra": _extra(kind, body)}


# --- regions --------------------------------------------------------------------------------------


def list_regions(request: Request, backend: Backend) -> Reply:
    """GET /v3/regions."""
    with backend.database.read() as tx:
        rows = db.list_regions(tx, parent_region_id=request.query.get("parent_region_id"))
    return view.many(request, "regions", map(view.region, rows))


def show_region(request: Request, backend: Backend) -> Reply:
    """GET /v3/regions/{region_id}."""
    with backend.database.read() as tx:
        row = db.get_region(tx, request.params["region_id"])
    return view.one(request, "region", "regions", view.region(row))


def create_region(request: Request, backend: Backend) -> Reply:
    """POST /v3/regions, and PUT /v3/regions/{region_id} for an id of one's own."""
    body = request.json()["region"]
    new = Region(
        id=request.params.get("region_id") or body.get("id") or ids.new_hex_id(),
        description=body.get("description") or "",
        parent_region_id=body.get("parent_region_id"),
        extra=_extra("region", body),
    )
    row = backend.database.write(catalog.create_region, new)
    return view.one(request, "region", "regions", view.region(row), 201)


def update_region(request: Request, backend: Backend) -> Reply:
    """PATCH /v3/regions/{region_id}."""
    changes = _changes("region", request.json()["region"])
    row = backend.database.write(catalog.update_region, request.params["region_id"], changes)
    return view.one(request, "region", "regions", view.region(row))


def delete_region(request: Request, backend: Backend) -> Reply:
    """DELETE /v3/regions/{region_id}."""
    backend.database.write(catalog.delete_region, request.params["region_id"])
    return Reply.empty()


# --- services -------------------------------------------------------------------------------------


def list_services(request: Request, backend: Backend) -> Reply:
    """GET /v3/services."""
    with backend.database.read() as tx:
        rows = db.list_services(tx, type_=request.query.get("type"), name=request.query.get("name"))
    return view.many(request, "services", map(view.service, rows))


def show_service(request: Request, backend: Backend) -> Reply:
    """GET /v3/services/{service_id}."""
    with backend.database.read() as tx:
        row = db.get_service(tx, request.params["service_id"])
    return view.one(request, "service", "services", view.service(row))


def create_service(request: Request, backend: Backend) -> Reply:
    """POST /v3/services."""
    body = request.json()["service"]
    new = Service(
        id=ids.new_hex_id(),
        type=body["type"],
        name=body.get("name") or "",
        description=body.get("description"),
        is_enabled=body.get("enabled", True),
        extra=_extra("service", body),
    )
    row = backend.database.write(catalog.create_service, new)
    return view.one(request, "service", "services", view.service(row), 201)


def update_service(request: Request, backend: Backend) -> Reply:
    """PATCH /v3/services/{service_id}."""
    changes = _changes("service", request.json()["service"])
    row = backend.database.write(catalog.update_service, request.params["service_id"], changes)
    return view.one(request, "service", "services", view.service(row))


def delete_service(request: Request, backend: Backend) -> Reply:
    """DELETE /v3/services/{service_id}."""
    backend.database.write(catalog.delete_service, request.params["service_id"])
    return Reply.empty()


# --- endpoints ------------------------------------------------------------------------------------


def list_endpoints(request: Request, backend: Backend) -> Reply:
    """GET /v3/endpoints."""
    query = request.query
    with backend.database.read() as tx:
        rows = db.list_endpoints(
            tx,
            service_id=query.get("service_id"),
            interface=query.get("interface"),
            region_id=query.get("region_id") or query.get("region"),
        )
    return view.many(request, "endpoints", map(view.endpoint, rows))


def show_endpoint(request: Request, backend: Backend) -> Reply:
    """GET /v3/endpoints/{endpoint_id}."""
    with backend.database.read() as tx:
        row = db.get_endpoint(tx, request.params["endpoint_id"])
    return view.one(request, "endpoint", "endpoints", view.endpoint(row))


def create_endpoint(request: Request, backend: Backend) -> Reply:
    """POST /v3/endpoints."""
    body = request.json()["endpoint"]
    new = Endpoint(
        id=ids.new_hex_id(),
        service_id=body["service_id"],
        interface=body["interface"],
        url=body["url"],
        region_id=body.get("region_id") or body.get("region"),
        is_enabled=body.get("enabled", True),
        extra=_extra("endpoint", body),
    )
    row = backend.database.write(catalog.create_endpoint, new)
    return view.one(request, "endpoint", "endpoints", view.endpoint(row), 201)


def update_endpoint(request: Request, backend: Backend) -> Reply:
    """PATCH /v3/endpoints/{endpoint_id}."""
    changes = _changes("endpoint", request.json()["endpoint"])
    row = backend.database.write(catalog.update_endpoint, request.params["endpoint_id"], changes)
    return view.one(request, "endpoint", "endpoints", view.endpoint(row))


def delete_endpoint(request: Request, backend: Backend) -> Reply:
    """DELETE /v3/endpoints/{endpoint_id}."""
    backend.database.write(catalog.delete_endpoint, request.params["endpoint_id"])
    return Reply.empty()
