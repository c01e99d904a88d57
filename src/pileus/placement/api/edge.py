"""What holds for every request and every reply of this API."""

from __future__ import annotations

from pileus.kit.errors import Invalid, NotAcceptable, UnsupportedMedia
from pileus.kit.http.message import JSON, Reply, Request
from pileus.kit.http.routes import PUBLIC
from pileus.placement.api import versions
from pileus.placement.api.view import CACHE_CONTROL, LAST_MODIFIED

_ACCEPTABLE = {JSON, "application/*", "*/*"}


def screen(request: Request) -> None:
    """Let a request pass that says what it sends and takes what we have.

    Raises Invalid, UnsupportedMedia, NotAcceptable.
    """
    media = request.headers.get("content-type", "").split(";")[0].strip()
    if not request.headers.get("content-length", "0").isdigit():
        raise Invalid("content-length header must be an integer")
    if request.body and not media:
        raise Invalid("content-type header required when content-length > 0")
    if request.body_schema is not None and media != JSON:
        raise UnsupportedMedia(f"The media type {media or None} is not supported, use application/json")
    if request.method == "GET" and request.rule is not PUBLIC and not _accepts_json(request.headers.get("accept", "")):
        raise NotAcceptable("Only application/json is provided")


def _accepts_json(accept: str) -> bool:
    kinds = {kind.split(";")[0].strip() for kind in accept.split(",")}
    return not accept.strip() or not kinds.isdisjoint(_ACCEPTABLE)


def decorate(request: Request, reply: Reply) -> None:
    """Say which version was spoken, and leave out what it did not have."""
    reply.headers["openstack-api-version"] = f"{versions.HISTORY.service_type} {request.version}"
    reply.headers["vary"] = "openstack-api-version"
    if not request.since(versions.CACHE_HEADERS):
        reply.headers.pop(LAST_MODIFIED, None)
        reply.headers.pop(CACHE_CONTROL, None)
