"""Which versions of the API there are."""

from __future__ import annotations

from typing import Any

from pileus.identity.backend import Backend
from pileus.kit.http.message import Reply, Request

UPDATED = "2020-04-07T00:00:00Z"


def list_versions(request: Request, _backend: Backend) -> Reply:
    """GET /: a choice of one."""
    return Reply.json({"versions": {"values": [_version(request)]}}, 300, {"location": f"{request.base_url}/v3/"})


def show_version(request: Request, _backend: Backend) -> Reply:
    """GET /v3."""
    return Reply.json({"version": _version(request)})


def _version(request: Request) -> dict[str, Any]:
    return {
        "id": "v3.14",
        "status": "stable",
        "updated": UPDATED,
        "links": [{"rel": "self", "href": f"{request.base_url}/v3/"}],
        "media-types": [{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}],
    }
