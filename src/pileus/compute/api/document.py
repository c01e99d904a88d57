"""The documents that say which versions of the API there are; anybody may read them."""

from __future__ import annotations

from typing import Any

from pileus.compute.api.versions import HISTORY
from pileus.compute.backend import Backend
from pileus.kit.http.message import Reply, Request

UPDATED = "2013-07-23T11:33:21Z"
MEDIA_TYPES = [{"base": "application/json", "type": "application/vnd.openstack.compute+json;version=2.1"}]


def list_versions(request: Request, _backend: Backend) -> Reply:
    """GET /."""
    return Reply.json({"versions": [_version(request)]})


def show_version(request: Request, _backend: Backend) -> Reply:
    """GET /v2.1/."""
    version = _version(request)
    version["links"].append({"rel": "describedby", "type": "text/html", "href": "http://docs.openstack.org/"})
    return Reply.json({"version": {**version, "media-types": MEDIA_TYPES}})


def list_choices(request: Request, _backend: Backend) -> Reply:
    """GET of a path that no version has."""
    link = {"rel": "self", "href": f"{request.base_url}/v2.1{request.path}"}
    choice = {"id": "v2.1", "status": "CURRENT", "links": [link], "media-types": MEDIA_TYPES}
    return Reply.json({"choices": [choice]}, 300)


def _version(request: Request) -> dict[str, Any]:
    return {
        "id": "v2.1",
        "status": "CURRENT",
        "version": str(HISTORY.newest),
        "min_version": str(HISTORY.oldest),
        "updated": UPDATED,
        "links": [{"rel": "self", "href": f"{request.base_url}/v2.1/"}],
    }
