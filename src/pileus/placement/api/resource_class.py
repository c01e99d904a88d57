"""/resource_classes."""

from __future__ import annotations

from pileus.kit.http.message import BodyMismatch, Reply, Request
from pileus.placement.api import schema, view
from pileus.placement.backend import Backend
from pileus.placement.db import resource_class as resource_classes
from pileus.placement.model.errors import ResourceClassNotFound
from pileus.placement.operations import resource_class as operations


def list_(_request: Request, backend: Backend) -> Reply:
    """GET /resource_classes."""
    with backend.database.read() as tx:
        custom = resource_classes.list_custom(tx)
    names = [*resource_classes.STANDARD, *(name for name, _ in custom)]
    return view.fresh({"resource_classes": [view.resource_class(name) for name in names]}, backend.clock.now())


def show(request: Request, backend: Backend) -> Reply:
    """GET /resource_classes/{name}."""
    name = request.params["name"]
    with backend.database.read() as tx:
        created_at = resource_classes.find_time(tx, name)
    if created_at is None and not resource_classes.is_standard(name):
        raise ResourceClassNotFound(name=name)
    return view.fresh(view.resource_class(name), created_at or backend.clock.now())


def create(request: Request, backend: Backend) -> Reply:
    """POST /resource_classes."""
    name = request.json()["name"]
    backend.database.write(operations.create, name, now=backend.clock.now())
    return Reply.empty(201, view.location(request, f"/resource_classes/{name}"))


def ensure(request: Request, backend: Backend) -> Reply:
    """PUT /resource_classes/{name}, which makes it."""
    name = request.params["name"]
    mismatch = schema.NEW_NAME.mismatch(name)
    if mismatch is not None:
        raise BodyMismatch(mismatch)
    is_new = backend.database.write(operations.ensure, name, now=backend.clock.now())
    return Reply.empty(201 if is_new else 204, view.location(request, f"/resource_classes/{name}"))


def rename(request: Request, backend: Backend) -> Reply:
    """PUT /resource_classes/{name}, as it was at first."""
    new_name = request.json()["name"]
    backend.database.write(operations.rename, request.params["name"], new_name, now=backend.clock.now())
    return Reply.json(view.resource_class(new_name))


def delete(request: Request, backend: Backend) -> Reply:
    """DELETE /resource_classes/{name}."""
    backend.database.write(operations.delete, request.params["name"])
    return Reply.empty()
