"""Images: create, list, show, change, delete."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from pileus.image.api import access, patch, query
from pileus.image.api.schema import require_image
from pileus.image.api.view import path, view
from pileus.image.backend import Backend
from pileus.image.db.query import list_images
from pileus.image.model.change import LOCATIONS, require_settable
from pileus.image.model.errors import AttributeReserved, ForeignOwner, OwnerFixed
from pileus.image.model.image import Image
from pileus.image.operations import image as operation
from pileus.image.operations import upload as uploads
from pileus.kit import ids, log
from pileus.kit.http.message import Reply, Request
from pileus.kit.http.page import with_marker

logger = log.get_logger("pileus.image")
_ATTRIBUTES = frozenset(
    {
        "container_format",
        "disk_format",
        "id",
        "min_disk",
        "min_ram",
        "name",
        "os_hidden",
        "owner",
        "protected",
        "visibility",
    }
)


def create(request: Request, backend: Backend) -> Reply:
    """Describe a new image."""
    image = _new_image(request, backend.clock.now())
    _require_may_create(request, image)
    backend.database.write(operation.create, image, backend.limits)
    headers = {
        "location": f"{request.base_url}{path(image.id)}",
        "openstack-image-store-ids": ",".join(backend.stores),
    }
    return Reply.json(view(image), 201, headers)


def index(request: Request, backend: Backend) -> Reply:
    """List the images that the caller may see, a page at a time."""
    request.require({"project_id": request.context.project_id})
    viewer = access.viewer(request)
    with backend.database.read() as tx:
        asked = query.read(request.query, tx, viewer)
        found = list_images(tx, viewer, asked)
    images = [image for image in found if access.may_see(request, image)]
    document: dict[str, Any] = {
        "images": [view(image) for image in images],
        "first": _first_page(request),
        "schema": "/v2/schemas/images",
    }
    if found and len(found) == asked.limit:
        document["next"] = with_marker(request, found[-1].id)
    return Reply.json(document)


def show(request: Request, backend: Backend) -> Reply:
    """Show one image."""
    return Reply.json(view(access.get(request, backend)))


def update(request: Request, backend: Backend) -> Reply:
    """Change an image by a JSON patch."""
    changes = patch.read(request)
    image = access.get(request, backend)
    for change in changes:
        if change.name == "visibility":
            access.require_visibility(request, str(change.value), access.target(image))
        if change.name == "owner" and not access.is_admin(request):
            raise OwnerFixed
    if changes:
        now = backend.clock.now()
        image = backend.database.write(operation.update, image.id, changes, backend.limits, now)
    return Reply.json(view(image))


def delete(request: Request, backend: Backend) -> Reply:
    """Delete an image and its bytes."""
    image = access.get(request, backend)
    unwanted = backend.database.write(operation.delete, image.id, backend.clock.now())
    for location in unwanted:
        try:
            uploads.sweep(backend.database, backend.stores, location)
        except OSError:  # the image is deleted; the repair loop tries again with its bytes
            logger.exception("unwanted bytes could not be deleted", store=location.store, key=location.key)
    return Reply.empty()


def _new_image(request: Request, now: datetime) -> Image:
    """Read a description. Raises AttributeReadOnly, AttributeReserved, SchemaMismatch."""
    body = request.json()
    if isinstance(body, dict):
        for name in body.keys() - {"id"}:
            require_settable(name)
    require_image(body)
    if LOCATIONS in body:
        raise AttributeReserved(name=LOCATIONS)
    attributes = {name: value for name, value in body.items() if name in _ATTRIBUTES}
    attributes = {"id": ids.new_uuid(), "owner": request.context.project_id, **attributes}
    properties = {name: value for name, value in body.items() if name not in _ATTRIBUTES and name != "tags"}
    tags = frozenset(body.get("tags", ()))
    return Image(**attributes, properties=properties, tags=tags, created_at=now, updated_at=now)


def _require_may_create(request: Request, image: Image) -> None:
    of = access.target(image)
    if image.owner != request.context.project_id and not request.may("add_image", of):
        raise ForeignOwner(owner=image.owner)
    request.require(of)
    access.require_visibility(request, image.visibility, of)


def _first_page(request: Request) -> str:
    pairs = [pair for pair in request.query.pairs() if pair[0] != "marker"]
    return f"{request.path}?{urlencode(pairs)}" if pairs else request.path
