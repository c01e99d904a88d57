"""/reshaper."""

from __future__ import annotations

from pileus.kit.http.message import Reply, Request
from pileus.placement.api import allocation, inventory
from pileus.placement.backend import Backend
from pileus.placement.operations.reshape import Shape, reshape


def create(request: Request, backend: Backend) -> Reply:
    """POST /reshaper."""
    body = request.json()
    shapes = {
        uuid: Shape(
            one["resource_provider_generation"],
            [inventory.from_body(name, fields) for name, fields in one["inventories"].items()],
        )
        for uuid, one in body["inventories"].items()
    }
    claims = allocation.claims_of(request, body["allocations"])
    backend.database.write(reshape, shapes, claims, now=backend.clock.now())
    return Reply.empty()
