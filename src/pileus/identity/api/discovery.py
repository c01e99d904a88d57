"""Which versions of the API there are."""

from __future__ import annotations

from functools import cache
from typing import Any

from pileus.identity.api import json_home
from pileus.identity.backend import Backend
from pileus.kit.http.dialects import preferred
from pileus.kit.http.message import JSON, Reply, Request

UPDATED = "2020-04-07T00:00:00Z"


def list_versions(request: Request, _backend: Backend) -> Reply:
    """GET /: a choice of one; as JSON-home, where everything is."""
    if _wants_json_home(request):
        return _json_home("/v3")
    return Reply.json({"versions": {"values": [_version(request)]}}, 300, {"location": f"{request.base_url}/v3/"})


def show_version(request: Request, _backend: Backend) -> Reply:
    """GET /v3: what it is; as JSON-home, where everything is in it."""
    if _wants_json_home(request):
        return _json_home("")
    return Reply.json({"version": _version(request)})


def _version(request: Request) -> dict[str, Any]:
    return {
        "id": "v3.14",
        "status": "stable",
        "updated": UPDATED,
        "links": [{"rel": "self", "href": f"{request.base_url}/v3/"}],
        "media-types": [{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}],
    }


def _wants_json_home(request: Request) -> bool:
    return preferred(request.headers.get("accept", ""), (JSON, json_home.MEDIA)) == json_home.MEDIA


def _json_home(prefix: str) -> Reply:
    return Reply.json(_home(prefix), headers={"content-type": json_home.MEDIA})


@cache
def _home(prefix: str) -> dict[str, Any]:
    from pileus.identity.api.routes import ROUTES  # which names the handlers above

    return json_home.document((row.path for row in ROUTES.rows), prefix)
