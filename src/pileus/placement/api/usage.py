"""/resource_providers/{uuid}/usages and /usages."""

from __future__ import annotations

from pileus.kit.http.message import Reply, Request
from pileus.placement.api import query, query_schema, view
from pileus.placement.backend import Backend
from pileus.placement.db import allocation as allocations
from pileus.placement.db import inventory as inventories
from pileus.placement.db import provider as providers


def show_provider(request: Request, backend: Backend) -> Reply:
    """GET /resource_providers/{uuid}/usages."""
    with backend.database.read() as tx:
        provider = providers.get(tx, request.params["uuid"])
        stock = inventories.list_of(tx, provider)
        used = allocations.used_of(tx, provider)
    usages = {one.resource_class: used.get(one.resource_class, 0) for one in stock}
    document = {"resource_provider_generation": provider.generation, "usages": usages}
    return view.fresh(document, backend.clock.now())


def show_owner(request: Request, backend: Backend) -> Reply:
    """GET /usages."""
    asked = query.read(request, query_schema.LIST_USAGES)
    request.require({"project_id": asked["project_id"]})
    with backend.database.read() as tx:
        used = allocations.used_by_owner(tx, asked["project_id"], asked.get("user_id"))
    return view.fresh({"usages": used}, backend.clock.now())
