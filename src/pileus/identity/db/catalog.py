"""Regions, services and endpoints."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import bindparam, select

from pileus.identity.db import extra
from pileus.identity.db.tables import endpoint, region, service
from pileus.identity.model.catalog import Endpoint, Region, Service
from pileus.identity.model.errors import ResourceNotFound
from pileus.kit.db import Row, Transaction

_ALL_SERVICES = select(service).order_by(service.c.type, service.c.name, service.c.id)
_ALL_ENDPOINTS = select(endpoint).order_by(
    endpoint.c.service_id, endpoint.c.region_id, endpoint.c.interface, endpoint.c.id
)
_LOCK_REGIONS = select(region.c.id).order_by(region.c.id).with_for_update()
_REGION = select(region).where(region.c.id == bindparam("which"))
_SERVICE = select(service).where(service.c.id == bindparam("which"))
_ENDPOINT = select(endpoint).where(endpoint.c.id == bindparam("which"))

# --- regions --------------------------------------------------------------------------------------


def get_region(tx: Transaction, region_id: str) -> Region:
    """Return a region. Raises ResourceNotFound."""
    found = find_region(tx, region_id)
    if found is None:
        raise ResourceNotFound(kind="region", id=region_id)
    return found


def find_region(tx: Transaction, region_id: str) -> Region | None:
    """Return a region, or None."""
    row = tx.first(_REGION, {"which": region_id})
    return None if row is None else _region(row)


def lock_regions(tx: Transaction) -> None:
    """Let nobody else change regions before this transaction ends: together they form trees."""
    tx.execute(_LOCK_REGIONS)


def list_regions(tx: Transaction, *, parent_region_id: str | None = None) -> Sequence[Region]:
    """Return regions by id."""
    statement = select(region).order_by(region.c.id)
    if parent_region_id is not None:
        statement = statement.where(region.c.parent_region_id == parent_region_id)
    return [_region(row) for row in tx.all(statement)]


def save_region(tx: Transaction, saved: Region) -> None:
    """Write a region, new or changed."""
    values = {
        "description": saved.description,
        "parent_region_id": saved.parent_region_id,
        "extra": extra.dump(saved.extra),
    }
    if find_region(tx, saved.id) is None:
        tx.execute(region.insert(), {"id": saved.id, **values})
    else:
        tx.execute(region.update().where(region.c.id == saved.id).values(**values))


def delete_regions(tx: Transaction, region_ids: Collection[str]) -> None:
    """Remove regions."""
    tx.execute(region.delete().where(region.c.id.in_(region_ids)))


# --- services -------------------------------------------------------------------------------------


def get_service(tx: Transaction, service_id: str) -> Service:
    """Return a service. Raises ResourceNotFound."""
    row = tx.first(_SERVICE, {"which": service_id})
    if row is None:
        raise ResourceNotFound(kind="service", id=service_id)
    return _service(row)


def get_service_locked(tx: Transaction, service_id: str) -> Service:
    """Return a service that nobody else changes before this transaction ends. Raises ResourceNotFound."""
    tx.lock(service.c.id, service_id)
    return get_service(tx, service_id)


def list_services(tx: Transaction, *, type_: str | None = None, name: str | None = None) -> Sequence[Service]:
    """Return services by type."""
    statement = _ALL_SERVICES
    if type_ is not None:
        statement = statement.where(service.c.type == type_)
    if name is not None:
        statement = statement.where(service.c.name == name)
    return [_service(row) for row in tx.all(statement)]


def add_service(tx: Transaction, new: Service) -> None:
    """Write a new service."""
    tx.execute(service.insert(), {"id": new.id, **_service_values(new)})


def update_service(tx: Transaction, changed: Service) -> None:
    """Write a service's new values."""
    tx.execute(service.update().where(service.c.id == changed.id).values(**_service_values(changed)))


def delete_service(tx: Transaction, service_id: str) -> None:
    """Remove a service; its endpoints go too."""
    tx.execute(service.delete().where(service.c.id == service_id))


# --- endpoints ------------------------------------------------------------------------------------


def get_endpoint(tx: Transaction, endpoint_id: str) -> Endpoint:
    """Return an endpoint. Raises ResourceNotFound."""
    row = tx.first(_ENDPOINT, {"which": endpoint_id})
    if row is None:
        raise ResourceNotFound(kind="endpoint", id=endpoint_id)
    return _endpoint(row)


def get_endpoint_locked(tx: Transaction, endpoint_id: str) -> Endpoint:
    """Return an endpoint that nobody else changes before this transaction ends. Raises ResourceNotFound."""
    tx.lock(endpoint.c.id, endpoint_id)
    return get_endpoint(tx, endpoint_id)


def list_endpoints(
    tx: Transaction, *, service_id: str | None = None, interface: str | None = None, region_id: str | None = None
) -> Sequence[Endpoint]:
    """Return endpoints; each filter narrows."""
    statement = _ALL_ENDPOINTS
    for column, wanted in (
        (endpoint.c.service_id, service_id),
        (endpoint.c.interface, interface),
        (endpoint.c.region_id, region_id),
    ):
        if wanted is not None:
            statement = statement.where(column == wanted)
    return [_endpoint(row) for row in tx.all(statement)]


def add_endpoint(tx: Transaction, new: Endpoint) -> None:
    """Write a new endpoint."""
    tx.execute(endpoint.insert(), {"id": new.id, **_endpoint_values(new)})


def update_endpoint(tx: Transaction, changed: Endpoint) -> None:
    """Write an endpoint's new values."""
    tx.execute(endpoint.update().where(endpoint.c.id == changed.id).values(**_endpoint_values(changed)))


def delete_endpoint(tx: Transaction, endpoint_id: str) -> None:
    """Remove an endpoint."""
    tx.execute(endpoint.delete().where(endpoint.c.id == endpoint_id))


# --- rows -----------------------------------------------------------------------------------------


def _service_values(new: Service) -> dict[str, Any]:
    return {
        "type": new.type,
        "name": new.name,
        "description": new.description,
        "is_enabled": new.is_enabled,
        "extra": extra.dump(new.extra),
    }


def _endpoint_values(new: Endpoint) -> dict[str, Any]:
    return {
        "service_id": new.service_id,
        "region_id": new.region_id,
        "interface": new.interface,
        "url": new.url,
        "is_enabled": new.is_enabled,
        "extra": extra.dump(new.extra),
    }


def _region(row: Row) -> Region:
    return Region(
        id=row.id,
        description=row.description,
        parent_region_id=row.parent_region_id,
        extra=extra.load(row.extra),
    )


def _service(row: Row) -> Service:
    return Service(
        id=row.id,
        type=row.type,
        name=row.name,
        description=row.description,
        is_enabled=row.is_enabled,
        extra=extra.load(row.extra),
    )


def _endpoint(row: Row) -> Endpoint:
    return Endpoint(
        id=row.id,
        service_id=row.service_id,
        region_id=row.region_id,
        interface=row.interface,
        url=row.url,
        is_enabled=row.is_enabled,
        extra=extra.load(row.extra),
    )
