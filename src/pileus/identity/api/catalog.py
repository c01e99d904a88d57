"""Regions, services and endpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pileus.identity.api import view
from pileus.identity.api.body import changes, chosen_id, extra
from pileus.identity.api.listing import many
from pileus.identity.backend import Backend
from pileus.identity.db import catalog as db
from pileus.identity.model.catalog import Endpoint, Region, Service
from pileus.identity.operations import catalog
from pileus.kit import ids
from pileus.kit.errors import Invalid
from pileus.kit.http.message import Reply, Request

_REGION = {"description", "parent_region_id"}
_SERVICE = {"type", "name", "description", "enabled"}
_ENDPOINT = {"service_id", "interface", "url", "region_id", "enabled"}


class RegionIdsDiffer(Invalid):
    """The path and the body give a new region different ids."""

    message = 'Conflicting region IDs specified: "{named}" != "{said}"'


# --- regions --------------------------------------------------------------------------------------


def list_regions(request: Request, backend: Backend) -> Reply:
    """GET /v3/regions."""
    with backend.database.read() as tx:
        rows = db.list_regions(tx, parent_region_id=request.query.get("parent_region_id"))
    return many(request, "regions", map(view.region, rows))


def show_region(request: Request, backend: Backend) -> Reply:
    """GET /v3/regions/{region_id}."""
    with backend.database.read() as tx:
        row = db.get_region(tx, request.params["region_id"])
    return view.one(request, "region", "regions", view.region(row))


def create_region(request: Request, backend: Backend) -> Reply:
    """POST /v3/regions, and PUT /v3/regions/{region_id} for an id of one's own."""
    body = request.json()["region"]
    named = chosen_id(request, "region_id", 255) if "region_id" in request.params else None
    said = body.get("id")
    if named and said and named != said:
        raise RegionIdsDiffer(named=named, said=said)
    new = Region(
        id=named or said or ids.new_hex_id(),
        description=body.get("description") or "",
        parent_region_id=body.get("parent_region_id"),
        extra=extra(body, _REGION),
    )
    row = backend.database.write(catalog.create_region, new)
    return view.one(request, "region", "regions", view.region(row), 201)


def update_region(request: Request, backend: Backend) -> Reply:
    """PATCH /v3/regions/{region_id}."""
    wanted = changes(request.json()["region"], _REGION)
    row = backend.database.write(catalog.update_region, request.params["region_id"], wanted)
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
    return many(request, "services", map(view.service, rows))


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
        name=body.get("name", "").strip(),
        description=body.get("description"),
        is_enabled=body.get("enabled", True),
        extra=extra(body, _SERVICE),
    )
    row = backend.database.write(catalog.create_service, new)
    return view.one(request, "service", "services", view.service(row), 201)


def update_service(request: Request, backend: Backend) -> Reply:
    """PATCH /v3/services/{service_id}."""
    wanted = changes(request.json()["service"], _SERVICE, texts=())
    row = backend.database.write(catalog.update_service, request.params["service_id"], wanted)
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
    return many(request, "endpoints", map(view.endpoint, rows))


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
        extra=extra(body, {*_ENDPOINT, "region"}),
    )
    row = backend.database.write(catalog.create_endpoint, new, may_make_region=_is_old_region(body))
    return view.one(request, "endpoint", "endpoints", view.endpoint(row), 201)


def update_endpoint(request: Request, backend: Backend) -> Reply:
    """PATCH /v3/endpoints/{endpoint_id}."""
    body = dict(request.json()["endpoint"])
    may_make_region = _is_old_region(body)
    if "region" in body:
        body["region_id"] = body.get("region_id") or body.pop("region")
        body.pop("region", None)
    wanted, endpoint_id = changes(body, _ENDPOINT), request.params["endpoint_id"]
    row = backend.database.write(catalog.update_endpoint, endpoint_id, wanted, may_make_region=may_make_region)
    return view.one(request, "endpoint", "endpoints", view.endpoint(row))


def delete_endpoint(request: Request, backend: Backend) -> Reply:
    """DELETE /v3/endpoints/{endpoint_id}."""
    backend.database.write(catalog.delete_endpoint, request.params["endpoint_id"])
    return Reply.empty()


def _is_old_region(body: Mapping[str, Any]) -> bool:
    """Tell whether a region is named as clients of the second API do: it is made if it is not known."""
    return bool(body.get("region")) and not body.get("region_id")
