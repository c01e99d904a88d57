"""Which image a request is about, and whether its caller may do this to it."""

from __future__ import annotations

from dataclasses import replace
from operator import attrgetter
from typing import Any

from pileus.image.backend import Backend
from pileus.image.db import image as images
from pileus.image.model.errors import ImageNotFound
from pileus.image.model.image import COMMUNITY, PUBLIC, Image, is_seen_by
from pileus.image.model.property_rule import READ, Touch, free
from pileus.image.model.query import Viewer
from pileus.image.model.status import DEACTIVATED
from pileus.kit.http.message import Request

SEEING = "get_image"
_ATTRIBUTES = (
    "id",
    "owner",
    "visibility",
    "member_id",
    "status",
    "name",
    "disk_format",
    "container_format",
    "min_disk",
    "min_ram",
    "size",
    "protected",
    "os_hidden",
)
_attributes = attrgetter(*_ATTRIBUTES)
_RULES_OF_VISIBILITY = {PUBLIC: "publicize_image", COMMUNITY: "communitize_image"}


def viewer(request: Request) -> Viewer:
    """Return through whose eyes a request looks."""
    return Viewer(request.context.project_id, is_admin(request) or request.may("service_api", {}))


def is_admin(request: Request) -> bool:
    """Tell whether the caller may do what only administrators may."""
    return request.may("context_is_admin", {})


def target(image: Image) -> dict[str, Any]:
    """Return an image as policy rules see it: its attributes, and its properties where no attribute has their name."""
    target: dict[str, Any] = dict(image.properties)
    target.update(zip(_ATTRIBUTES, _attributes(image), strict=True))
    target["project_id"] = image.owner
    target["image_id"] = image.id
    return target


def get(request: Request, backend: Backend) -> Image:
    """Return the image that the path names, if the caller may do what the route's rule guards.

    Raises ImageNotFound also for an image that the caller must not know of, Forbidden.
    """
    image_id = request.params["image_id"]
    eyes = viewer(request)
    image = backend.seen.read(images.find, image_id, eyes.project_id)
    if image is None or not is_seen_by(image, eyes.project_id, is_admin=eyes.is_admin) or not may_see(request, image):
        raise ImageNotFound(image_id=image_id)
    request.require(target(image))
    return image


def may_see(request: Request, image: Image) -> bool:
    """Tell whether the operator's rules let the caller see an image."""
    return request.may(SEEING, target(image))


def touch(request: Request, backend: Backend) -> Touch:
    """Return what the operator's rules let the caller do to properties."""
    if backend.property_rules is None:
        return free
    roles = request.context.roles | request.context.service_roles
    return backend.property_rules.touch(roles, lambda rule: request.may(rule, {}))


def readable(request: Request, image: Image, may: Touch = free) -> Image:
    """Return an image without what is none of the caller's business: properties, and where withdrawn bytes lie."""
    if image.status == DEACTIVATED and not is_admin(request):
        image = replace(image, locations=())
    if may is free:
        return image
    return replace(image, properties={name: value for name, value in image.properties.items() if may(READ, name)})


def require_visibility(request: Request, visibility: str, of: dict[str, Any]) -> None:
    """Raise Forbidden if the caller may not show an image to so many."""
    rule = _RULES_OF_VISIBILITY.get(visibility)
    if rule is not None:
        request.require(of, rule)
