"""The stores, and what images have in them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pileus.image.api import access
from pileus.image.backend import Backend
from pileus.image.model.location_errors import StoreAbsent
from pileus.image.notification import of_image
from pileus.image.operations import location as operation
from pileus.image.operations import upload as uploads
from pileus.kit.http.message import Reply, Request


def index(_request: Request, backend: Backend) -> Reply:
    """List the stores."""
    return Reply.json({"stores": [_view(name, backend) for name in backend.stores]})


def detail(_request: Request, backend: Backend) -> Reply:
    """List the stores with how they are set up."""
    return Reply.json({"stores": [_view(name, backend) | _detail(name, backend) for name in backend.stores]})


def delete_image(request: Request, backend: Backend) -> Reply:
    """Take an image's bytes out of one store."""
    store = request.params["store_id"]
    if store not in backend.stores:
        raise StoreAbsent(store=store)
    image = access.get(request, backend)
    request.require(access.target(image), "get_image_location")
    now = backend.clock.now()
    location = backend.database.write(operation.leave_store, image.id, store, now)
    backend.tell("image.update", of_image(replace(image, updated_at=now)))
    uploads.sweep(backend.database, backend.stores, location)
    return Reply.empty()


def _view(name: str, backend: Backend) -> dict[str, Any]:
    shown = {"id": name}
    if backend.descriptions.get(name):
        shown["description"] = backend.descriptions[name]
    if name == backend.default_store:
        shown["default"] = "true"
    if backend.stores[name].is_read_only:
        shown["read-only"] = "true"
    return shown


def _detail(name: str, backend: Backend) -> dict[str, Any]:
    store = backend.stores[name]
    return {"type": store.kind, "weight": backend.weights.get(name, 0), "properties": dict(store.properties())}
