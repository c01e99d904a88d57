"""Changing what the catalog says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pileus.identity.db import catalog, limit
from pileus.identity.model.catalog import Endpoint, Region, Service, is_template
from pileus.identity.model.catalog_errors import RegionCircular, RegionInUse, RegionUnknown, UrlInvalid
from pileus.identity.model.errors import Duplicate, ReferenceInvalid, ResourceNotFound
from pileus.identity.operations.change import changed
from pileus.kit.db import Transaction


def create_region(tx: Transaction, new: Region) -> Region:
    """Add a region. Raises Duplicate, ReferenceInvalid, RegionCircular."""
    catalog.lock_regions(tx)
    if catalog.find_region(tx, new.id) is not None:
        raise Duplicate(kind="region", name=new.id, where="")
    _require_parent(tx, new)
    catalog.save_region(tx, new)
    return new


def update_region(tx: Transaction, region_id: str, changes: dict[str, Any]) -> Region:
    """Change a region. Raises ResourceNotFound, Fixed, ReferenceInvalid, RegionCircular."""
    catalog.lock_regions(tx)
    new: Region = changed(catalog.get_region(tx, region_id), changes)
    _require_parent(tx, new)
    catalog.save_region(tx, new)
    return new


def delete_region(tx: Transaction, region_id: str) -> None:
    """Remove a region and those within it. Raises ResourceNotFound, RegionInUse."""
    catalog.lock_regions(tx)
    catalog.get_region(tx, region_id)
    gone = _subtree(catalog.list_regions(tx), region_id)
    if any(row.region_id in gone for row in catalog.list_endpoints(tx)):
        raise RegionInUse(id=region_id)
    limit.delete_registered_of_regions(tx, gone)
    catalog.delete_regions(tx, gone)


def create_service(tx: Transaction, new: Service) -> Service:
    """Add a service; several may be of one type."""
    catalog.add_service(tx, new)
    return new


def update_service(tx: Transaction, service_id: str, changes: dict[str, Any]) -> Service:
    """Change a service. Raises ResourceNotFound, Fixed."""
    new: Service = changed(catalog.get_service_locked(tx, service_id), changes)
    catalog.update_service(tx, new)
    return new


def delete_service(tx: Transaction, service_id: str) -> None:
    """Remove a service and its endpoints. Raises ResourceNotFound."""
    catalog.get_service(tx, service_id)
    catalog.delete_service(tx, service_id)


def create_endpoint(tx: Transaction, new: Endpoint, *, may_make_region: bool) -> Endpoint:
    """Add an endpoint. Raises ReferenceInvalid, RegionUnknown, UrlInvalid."""
    _require_endpoint(tx, new, may_make_region=may_make_region)
    catalog.add_endpoint(tx, new)
    return new


def update_endpoint(tx: Transaction, endpoint_id: str, changes: dict[str, Any], *, may_make_region: bool) -> Endpoint:
    """Change an endpoint. Raises ResourceNotFound, Fixed, ReferenceInvalid, RegionUnknown, UrlInvalid."""
    new: Endpoint = changed(catalog.get_endpoint_locked(tx, endpoint_id), changes)
    _require_endpoint(tx, new, may_make_region=may_make_region)
    catalog.update_endpoint(tx, new)
    return new


def delete_endpoint(tx: Transaction, endpoint_id: str) -> None:
    """Remove an endpoint. Raises ResourceNotFound."""
    catalog.get_endpoint(tx, endpoint_id)
    catalog.delete_endpoint(tx, endpoint_id)


def _require_endpoint(tx: Transaction, new: Endpoint, *, may_make_region: bool) -> None:
    if not is_template(new.url):
        raise UrlInvalid(url=new.url)
    try:
        catalog.get_service(tx, new.service_id)
    except ResourceNotFound:
        raise ReferenceInvalid(kind="service", id=new.service_id) from None
    if new.region_id is not None and catalog.find_region(tx, new.region_id) is None:
        if not may_make_region:
            raise RegionUnknown
        catalog.save_region(tx, Region(id=new.region_id))


def _require_parent(tx: Transaction, new: Region) -> None:
    parents = {row.id: row.parent_region_id for row in catalog.list_regions(tx)}
    outer = new.parent_region_id
    while outer is not None:
        if outer == new.id:
            raise RegionCircular(id=new.id)
        if outer not in parents:
            raise ReferenceInvalid(kind="region", id=outer)
        outer = parents[outer]


def _subtree(regions: Sequence[Region], region_id: str) -> list[str]:
    inner = [each for row in regions if row.parent_region_id == region_id for each in _subtree(regions, row.id)]
    return [region_id, *inner]
