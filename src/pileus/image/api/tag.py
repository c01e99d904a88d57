"""Tags, one at a time."""

from __future__ import annotations

from dataclasses import replace

from pileus.image.api import access
from pileus.image.backend import Backend
from pileus.image.model.errors import TagInvalid
from pileus.image.model.image import NAME_LENGTH
from pileus.image.notification import of_image
from pileus.image.operations import tag as operation
from pileus.kit.http.message import Reply, Request


def add(request: Request, backend: Backend) -> Reply:
    """Put a tag on an image."""
    tag = request.params["tag"]
    if len(tag) > NAME_LENGTH:
        raise TagInvalid(tag=tag)
    image = access.get(request, backend)
    now = backend.clock.now()
    backend.database.write(operation.add, image.id, tag, backend.limits, now)
    backend.tell("image.update", of_image(replace(image, tags=image.tags | {tag}, updated_at=now)))
    return Reply.empty()


def remove(request: Request, backend: Backend) -> Reply:
    """Take a tag off an image."""
    image = access.get(request, backend)
    tag, now = request.params["tag"], backend.clock.now()
    backend.database.write(operation.remove, image.id, tag, now)
    backend.tell("image.update", of_image(replace(image, tags=image.tags - {tag}, updated_at=now)))
    return Reply.empty()
