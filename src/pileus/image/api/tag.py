"""Tags, one at a time."""

from __future__ import annotations

from pileus.image.api import access
from pileus.image.backend import Backend
from pileus.image.model.errors import TagInvalid
from pileus.image.model.image import NAME_LENGTH
from pileus.image.operations import tag as operation
from pileus.kit.http.message import Reply, Request


def add(request: Request, backend: Backend) -> Reply:
    """Put a tag on an image."""
    tag = request.params["tag"]
    if len(tag) > NAME_LENGTH:
        raise TagInvalid(tag=tag)
    image = access.get(request, backend)
    backend.database.write(operation.add, image.id, tag, backend.limits, backend.clock.now())
    return Reply.empty()


def remove(request: Request, backend: Backend) -> Reply:
    """Take a tag off an image."""
    image = access.get(request, backend)
    backend.database.write(operation.remove, image.id, request.params["tag"], backend.clock.now())
    return Reply.empty()
