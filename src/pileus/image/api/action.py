"""What an image is told to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pileus.image.api import access, cached
from pileus.image.backend import Backend
from pileus.image.model.image import Image
from pileus.image.model.status import ACTIVE, DEACTIVATED
from pileus.image.notification import of_image
from pileus.image.operations import image as operation
from pileus.kit.http.message import Reply, Request


def deactivate(request: Request, backend: Backend) -> Reply:
    """Withdraw an image's bytes from use by all but administrators."""
    image = access.get(request, backend)
    reply = _turn(operation.deactivate, image, DEACTIVATED, backend)
    cached.drop(image.id, backend)
    return reply


def reactivate(request: Request, backend: Backend) -> Reply:
    """Give an image's bytes back to use."""
    image = access.get(request, backend)
    return _turn(operation.reactivate, image, ACTIVE, backend)


def _turn(verb: Callable[..., bool], image: Image, status: str, backend: Backend) -> Reply:
    now = backend.clock.now()
    if backend.database.write(verb, image.id, now):
        backend.tell("image.update", of_image(replace(image, status=status, updated_at=now)))
    return Reply.empty()
