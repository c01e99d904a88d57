"""Changing what the catalog says."""

from __future__ import annotations

from typing import Any

from pileus.identity.db import catalog
from pileus.identity.model.catalog import Endpoint, Region, Service
from pileus.identity.model.errors import Duplicate, ReferenceInvalid, ResourceNotFound
from pileus.identity.operations.resource import changed
from pileus.kit.db import Transaction
from pileus.kit.errors import Conflict


class RegionInUse(Conflict):
    """A region has regions inside, or endpoints."""

    message = "Unable to delete region {id} because it or its child regions have associated endpoints."


def create_region(tx: Transaction, new: Region) -> Region:
    """Add a region. Raises Duplicate, ReferenceInvalid."""
    if any(region.id == new.id for region in catalog.list_regions(tx)):
        raise Duplicate(kind="region", name=new.id, where="")
    _require_region(tx, new.parent_region_id)
    catalog.save_region(tx, new)
    return new


def update_region(tx: Transaction, region_id: str, changes: dict[str, Any]) -> Region:
    """Change a region. Raises ResourceNotFound, ReferenceInvalid."""
    new: Region = changed(catalog.get_region(tx, region_id), changes)
    _require_region(tx, new.parent_region_id)
    catalog.save_region(tx, new)
    return new


def delete_region(tx: Transaction, region_id: str) -> None:
    """Remove a region. Raises ResourceNotFound, RegionInUse."""
    catalog.get_region(tx, region_id)
    if catalog.list_endpoints(tx, region_id=region_id) or catalog.list_regions(tx, parent_region_id=region_id):
        raise RegionInUse(id=region_id)
    catalog.delete_region(tx, region_id)


def create_service(tx: Transaction, new: Service) -> Service:
    """Add a service; several may be of one type."""
    catalog.add_service(tx, new)
    return new


def update_service(tx: Transaction, service_id: str, changes: dict[str, Any]) -> Service:
    """Change a service. Raises ResourceNotFound."""
    new: Service = changed(catalog.get_service(tx, service_id), changes)
    catalog.update_service(tx, new)
    return new


def delete_service(tx: Transaction, service_id: str) -> None:
    """Remove a service and its endpoints. Raises ResourceNotFound."""
    catalog.get_service(tx, service_id)
    catalog.delete_service(tx, service_id)


def create_endpoint(tx: Transaction, new: Endpoint) -> Endpoint:
    """Add an endpoint; a region that is not known yet is made. Raises ReferenceInvalid."""
    _require_service(tx, new.service_id)
    if new.region_id is not None and not any(region.id == new.region_id for region in catalog.list_regions(tx)):
        catalog.save_region(tx, Region(id=new.region_id))
    catalog.add_endpoint(tx, new)
    return new


def update_endpoint(tx: Transaction, endpoint_id: str, changes: dict[str, Any]) -> Endpoint:
    """Change an endpoint. Raises ResourceNotFound, ReferenceInvalid."""
    new: Endpoint = changed(catalog.get_endpoint(tx, endpoint_id), changes)
    _require_service(tx, new.service_id)
    _require_region(tx, new.region_id)
    catalog.update_endpoint(tx, new)
    return new


def delete_endpoint(tx: Transaction, endpoint_id: str) -> None:
    """Remove an endpoint. Raises ResourceNotFound."""
    catalog.get_endpoint(tx, endpoint_id)
    catalog.delete_endpoint(tx, endpoint_id)


def _require_service(tx: Transaction, service_id: str) -> None:
    try:
        catalog.get_service(tx, service_id)
    except ResourceNotFound:
        raise ReferenceInvalid(kind="service", id=service_id) from None


def _require_region(tx: Transaction, region_id: str | None) -> None:
    if region_id is not None and not any(region.id == region_id for region in catalog.list_regions(tx)):
        raise ReferenceInvalid(kind="region", id=region_id)
