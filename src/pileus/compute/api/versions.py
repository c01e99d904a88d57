"""The whole history of compute's API, a line a change, and how a request names its version."""

from __future__ import annotations

from pileus.kit.http.message import Reply, Request
from pileus.kit.versions import History, Version

HISTORY = History("compute", oldest=(2, 1))

_OLD_HEADER = "x-openstack-nova-api-version"
_HEADER = "openstack-api-version"
_PREFIX = "/v2.1/"


def read_version(request: Request, history: History) -> Version:
    """Return the microversion that a request asks for. Raises VersionInvalid, VersionUnacceptable."""
    text = _asked(request) if request.path.startswith(_PREFIX) else None
    return history.oldest if text is None else history.parse(text)


def _asked(request: Request) -> str | None:
    for part in request.headers.get(_HEADER, "").split(","):
        service, _, version = part.strip().partition(" ")
        if service.lower() == HISTORY.service_type and version:
            return version.strip()
    return request.headers.get(_OLD_HEADER)


def decorate(request: Request, reply: Reply) -> None:
    """Give a reply the headers that every one of this API has."""
    reply.headers["x-compute-request-id"] = request.id
    if request.path.startswith(_PREFIX) and request.version is not None:
        reply.headers[_HEADER] = f"{HISTORY.service_type} {request.version}"
        reply.headers[_OLD_HEADER] = str(request.version)
        reply.headers["vary"] = "OpenStack-API-Version, X-OpenStack-Nova-API-Version"
