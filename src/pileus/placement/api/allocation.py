"""/allocations and /resource_providers/{uuid}/allocations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pileus.kit import ids
from pileus.kit.http.message import Reply, Request
from pileus.placement.api import versions, view
from pileus.placement.backend import Backend
from pileus.placement.db import allocation as allocations
from pileus.placement.db import consumer as consumers
from pileus.placement.db import provider as providers
from pileus.placement.model.allocation import Claim
from pileus.placement.model.consumer import Consumer
from pileus.placement.model.errors import ConsumerInvalid, ConsumerRepeated
from pileus.placement.operations import allocation as operations


def show(request: Request, backend: Backend) -> Reply:
    """GET /allocations/{consumer_uuid}."""
    with backend.database.read() as tx:
        consumer = consumers.find(tx, ids.dashed_uuid(request.params["consumer_uuid"]))
        rows = allocations.list_rows_of_consumer(tx, consumer) if consumer is not None else ()
    held: dict[str, Any] = {}
    for row in rows:
        one = held.setdefault(row.provider_uuid, {"generation": row.provider_generation, "resources": {}})
        one["resources"][row.resource_class] = row.used
    document = {"allocations": held} | (_owner(request, consumer) if consumer is not None and held else {})
    return view.fresh(document, view.latest((row.updated_at for row in rows), backend.clock.now()))


def list_of_provider(request: Request, backend: Backend) -> Reply:
    """GET /resource_providers/{uuid}/allocations."""
    with backend.database.read() as tx:
        provider = providers.get(tx, request.params["uuid"])
        rows = allocations.list_rows_of_provider(tx, provider)
    held: dict[str, Any] = {}
    for row in rows:
        one = held.setdefault(row.consumer_uuid, {"resources": {}})
        one["resources"][row.resource_class] = row.used
        if request.since(versions.CONSUMER_GENERATION):
            one["consumer_generation"] = row.consumer_generation
    document = {"resource_provider_generation": provider.generation, "allocations": held}
    return view.fresh(document, view.latest((row.updated_at for row in rows), backend.clock.now()))


def replace(request: Request, backend: Backend) -> Reply:
    """PUT /allocations/{consumer_uuid}."""
    consumer_uuid = request.params["consumer_uuid"]
    if not ids.is_uuid(consumer_uuid):
        raise ConsumerInvalid(consumer=consumer_uuid)
    claim = claim_of(request, consumer_uuid, request.json())
    backend.database.write(operations.replace, [claim], now=backend.clock.now())
    return Reply.empty()


def replace_many(request: Request, backend: Backend) -> Reply:
    """POST /allocations."""
    claims = claims_of(request, request.json())
    backend.database.write(operations.replace, claims, now=backend.clock.now())
    return Reply.empty()


def delete(request: Request, backend: Backend) -> Reply:
    """DELETE /allocations/{consumer_uuid}."""
    consumer_uuid = ids.dashed_uuid(request.params["consumer_uuid"])
    backend.database.write(operations.delete, consumer_uuid, now=backend.clock.now())
    return Reply.empty()


def claims_of(request: Request, bodies: Mapping[str, Any]) -> list[Claim]:
    """Return what a body says that each of several consumers shall hold. Raises ConsumerRepeated."""
    claims = {}
    for consumer_uuid, body in bodies.items():
        claim = claim_of(request, consumer_uuid, body)
        if claim.consumer_uuid in claims:  # the same uuid may be written in several ways
            raise ConsumerRepeated(consumer=claim.consumer_uuid)
        claims[claim.consumer_uuid] = claim
    return list(claims.values())


def claim_of(request: Request, consumer_uuid: str, body: Mapping[str, Any]) -> Claim:
    """Return what a body says that one consumer shall hold."""
    return Claim(
        consumer_uuid=ids.dashed_uuid(consumer_uuid),
        wanted=_wanted(body["allocations"]),
        project_id=body.get("project_id"),
        user_id=body.get("user_id"),
        consumer_type=body.get("consumer_type"),
        checks_generation=request.since(versions.CONSUMER_GENERATION),
        generation=body.get("consumer_generation"),
    )


def _wanted(body: Any) -> dict[str, dict[str, int]]:
    if isinstance(body, list):
        return {one["resource_provider"]["uuid"]: one["resources"] for one in body}
    return {uuid: one["resources"] for uuid, one in body.items()}


def _owner(request: Request, consumer: Consumer) -> dict[str, Any]:
    document: dict[str, Any] = {}
    if request.since(versions.ALLOCATION_DICT):
        document |= {"project_id": consumer.project_id, "user_id": consumer.user_id}
    if request.since(versions.CONSUMER_GENERATION):
        document["consumer_generation"] = consumer.generation
    if request.since(versions.CONSUMER_TYPES):
        document["consumer_type"] = consumer.type or view.UNKNOWN
    return document
