"""/resource_providers/{uuid}/aggregates."""

from __future__ import annotations

from typing import Any

from pileus.kit.http.message import Reply, Request
from pileus.placement.api import versions, view
from pileus.placement.backend import Backend
from pileus.placement.db import aggregate as aggregates
from pileus.placement.db import provider as providers
from pileus.placement.operations import aggregate as operations


def show(request: Request, backend: Backend) -> Reply:
    """GET /resource_providers/{uuid}/aggregates."""
    with backend.database.read() as tx:
        provider = providers.get(tx, request.params["uuid"])
        found = aggregates.list_of(tx, provider)
    return view.fresh(_document(request, list(found), provider.generation), backend.clock.now())


def replace(request: Request, backend: Backend) -> Reply:
    """PUT /resource_providers/{uuid}/aggregates."""
    uuid, now = request.params["uuid"], backend.clock.now()
    with backend.database.read() as tx:
        providers.get(tx, uuid)  # a missing provider is told before a bad body
    body = request.json()
    is_guarded = request.since(versions.AGGREGATE_GENERATION)
    wanted = body["aggregates"] if is_guarded else body
    given = body["resource_provider_generation"] if is_guarded else None
    generation = backend.database.write(operations.replace, uuid, wanted, generation=given, now=now)
    return view.fresh(_document(request, wanted, generation), now)


def _document(request: Request, uuids: list[str], generation: int) -> dict[str, Any]:
    document: dict[str, Any] = {"aggregates": uuids}
    if request.since(versions.AGGREGATE_GENERATION):
        document["resource_provider_generation"] = generation
    return document
