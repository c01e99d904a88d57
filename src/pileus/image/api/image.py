"""Images: create, list, show, change, delete."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from pileus.image.api import access, cached, location, patch, query
from pileus.image.api.view import path
from pileus.image.backend import Backend
from pileus.image.db.query import list_images
from pileus.image.model.change import LOCATIONS, Change, require_settable
from pileus.image.model.errors import AttributeReserved, ForeignOwner, OwnerFixed
from pileus.image.model.image import Image
from pileus.image.model.property_rule import CREATE, READ, Touch
from pileus.image.model.quota import UNLIMITED, Quota
from pileus.image.notification import of_deleted, of_image
from pileus.image.operations import image as operation
from pileus.image.operations import upload as uploads
from pileus.kit import ids
from pileus.kit.db import Transaction
from pileus.kit.http.message import Reply, Request
from pileus.kit.http.page import with_marker

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
    image = _new_image(request, backend)
    _require_may_create(request, image)
    may = access.touch(request, backend)
    for name in image.properties:
        if not may(CREATE, name):
            raise AttributeReserved(name=name)
    backend.database.write(operation.create, image, backend.limits, backend.quota_of(image.owner))
    backend.tell("image.create", of_image(image))
    headers = {
        "location": f"{request.base_url}{path(image.id)}",
        "openstack-image-store-ids": ",".join(backend.stores),
    }
    if backend.importing is not None:
        headers["openstack-image-import-methods"] = ",".join(backend.importing.methods)
    return Reply.json(location.document(access.readable(request, image, may), backend), 201, headers)


def index(request: Request, backend: Backend) -> Reply:
    """List the images that the caller may see, a page at a time."""
    request.require({"project_id": request.context.project_id})
    viewer, may = access.viewer(request), access.touch(request, backend)
    with backend.database.read() as tx:
        asked = query.read(request.query, tx, viewer)
        # Whoever may not read a property shall not find its value by guessing either.
        found = list_images(tx, viewer, asked) if all(may(READ, name) for name in asked.properties) else []
    images = [access.readable(request, image, may) for image in found if access.may_see(request, image)]
    document: dict[str, Any] = {
        "images": [location.document(image, backend) for image in images],
        "first": _first_page(request),
        "schema": "/v2/schemas/images",
    }
    if found and len(found) == asked.limit:
        document["next"] = with_marker(request, found[-1].id)
    return Reply.json(document)


def show(request: Request, backend: Backend) -> Reply:
    """Show one image."""
    image = access.get(request, backend)
    return Reply.json(location.document(access.readable(request, image, access.touch(request, backend)), backend))


def update(request: Request, backend: Backend) -> Reply:
    """Change an image by a JSON patch."""
    changes = patch.read(request, backend.schema)
    image = access.get(request, backend)
    for change in changes:
        if change.name == "visibility":
            access.require_visibility(request, str(change.value), access.target(image))
        if change.name == "owner" and not access.is_admin(request):
            raise OwnerFixed
    changes = location.read(request, image, changes, backend)
    may = access.touch(request, backend)
    if changes:
        are_places_named = any(each.name == LOCATIONS for each in changes)
        quota = backend.quota_of(image.owner) if are_places_named else UNLIMITED  # no other is worth asking for one
        image = backend.database.write(_change, image, changes, may, quota, backend)
        backend.tell("image.update", of_image(image))
    return Reply.json(location.document(access.readable(request, image, may), backend))


def _change(
    tx: Transaction, old: Image, changes: Sequence[Change], may: Touch, quota: Quota, backend: Backend
) -> Image:
    new = operation.update(tx, old.id, changes, backend.limits, backend.clock.now(), may, quota)
    location.begin_look(tx, old, new, backend)
    return new


def delete(request: Request, backend: Backend) -> Reply:
    """Delete an image and its bytes."""
    image = access.get(request, backend)
    now = backend.clock.now()
    unwanted = backend.database.write(operation.delete, image.id, now, is_delayed=backend.is_delete_delayed)
    cached.drop(image.id, backend)
    backend.tell("image.delete", of_deleted(of_image(image), now))
    for place in unwanted:
        uploads.sweep(backend.database, backend.places, place)
    return Reply.empty()


def _new_image(request: Request, backend: Backend) -> Image:
    """Read a description. Raises AttributeReadOnly, AttributeReserved, SchemaMismatch."""
    body = request.json()
    if isinstance(body, dict):
        for name in body.keys() - {"id"}:
            require_settable(name)
    backend.schema.require_image(body)
    if LOCATIONS in body:
        raise AttributeReserved(name=LOCATIONS)
    attributes = {name: value for name, value in body.items() if name in _ATTRIBUTES}
    attributes = {"id": ids.new_uuid(), "owner": request.context.project_id, **attributes}
    own = body.keys() - _ATTRIBUTES - {"tags"}
    properties = {name: body[name] for name in own if body[name] is not None}
    tags, now = frozenset(body.get("tags", ())), backend.clock.now()
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
