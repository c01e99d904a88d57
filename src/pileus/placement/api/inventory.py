"""/resource_providers/{uuid}/inventories."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pileus.kit.http.message import Reply, Request
from pileus.placement.api import versions, view
from pileus.placement.backend import Backend
from pileus.placement.db import inventory as inventories
from pileus.placement.db import provider as providers
from pileus.placement.model.errors import InventoryNotFound
from pileus.placement.model.inventory import Inventory
from pileus.placement.operations import inventory as operations

_FIELDS = ("total", "reserved", "min_unit", "max_unit", "step_size", "allocation_ratio")


def list_(request: Request, backend: Backend) -> Reply:
    """GET /resource_providers/{uuid}/inventories."""
    with backend.database.read() as tx:
        generation, found = inventories.list_with_generation(tx, request.params["uuid"])
    modified_at = view.latest((one.modified_at for one in found), backend.clock.now())
    return view.fresh(view.inventories(found, generation), modified_at)


def show(request: Request, backend: Backend) -> Reply:
    """GET /resource_providers/{uuid}/inventories/{resource_class}."""
    uuid, resource_class = request.params["uuid"], request.params["resource_class"]
    with backend.database.read() as tx:
        generation, all_of_it = inventories.list_with_generation(tx, uuid)
    found = next((one for one in all_of_it if one.resource_class == resource_class), None)
    if found is None:
        raise InventoryNotFound(resource_class=resource_class, provider=uuid)
    return view.fresh(view.inventory(found, generation), found.modified_at or backend.clock.now())


def create(request: Request, backend: Backend) -> Reply:
    """POST /resource_providers/{uuid}/inventories."""
    uuid, now = _require_provider(request, backend), backend.clock.now()
    body = request.json()
    new = from_body(body["resource_class"], body)
    generation = backend.database.write(
        operations.create,
        uuid,
        new,
        generation=body.get("resource_provider_generation"),
        may_reserve_all=request.since(versions.RESERVE_ALL),
        now=now,
    )
    headers = view.location(request, f"/resource_providers/{uuid}/inventories/{new.resource_class}")
    return view.fresh(view.inventory(new, generation), now, status=201, headers=headers)


def replace(request: Request, backend: Backend) -> Reply:
    """PUT /resource_providers/{uuid}/inventories."""
    uuid, now = _require_provider(request, backend), backend.clock.now()
    body = request.json()
    new = [from_body(name, fields) for name, fields in body["inventories"].items()]
    generation = backend.database.write(
        operations.replace,
        uuid,
        new,
        generation=body["resource_provider_generation"],
        may_reserve_all=request.since(versions.RESERVE_ALL),
        now=now,
    )
    return view.fresh(view.inventories(new, generation), now)


def update(request: Request, backend: Backend) -> Reply:
    """PUT /resource_providers/{uuid}/inventories/{resource_class}."""
    uuid, now = _require_provider(request, backend), backend.clock.now()
    body = request.json()
    new = from_body(request.params["resource_class"], body)
    generation = backend.database.write(
        operations.update,
        uuid,
        new,
        generation=body["resource_provider_generation"],
        may_reserve_all=request.since(versions.RESERVE_ALL),
        now=now,
    )
    return view.fresh(view.inventory(new, generation), now)


def delete(request: Request, backend: Backend) -> Reply:
    """DELETE /resource_providers/{uuid}/inventories/{resource_class}."""
    uuid, resource_class = request.params["uuid"], request.params["resource_class"]
    backend.database.write(operations.delete, uuid, resource_class, now=backend.clock.now())
    return Reply.empty()


def delete_all(request: Request, backend: Backend) -> Reply:
    """DELETE /resource_providers/{uuid}/inventories."""
    backend.database.write(operations.delete_all, request.params["uuid"], now=backend.clock.now())
    return Reply.empty()


def from_body(resource_class: str, fields: Mapping[str, Any]) -> Inventory:
    """Return what a body says of one inventory."""
    return Inventory(resource_class=resource_class, **{name: fields[name] for name in _FIELDS if name in fields})


def _require_provider(request: Request, backend: Backend) -> str:
    """Return the provider's uuid if it exists: a missing one is told before a bad body. Raises ProviderNotFound."""
    with backend.database.read() as tx:
        return providers.get(tx, request.params["uuid"]).uuid
