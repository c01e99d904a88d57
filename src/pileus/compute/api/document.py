"""The documents that say which versions of the API there are; anybody may read them."""

from __future__ import annotations

from typing import Any

from pileus.compute.api.links import V2
from pileus.compute.api.versions import HISTORY
from pileus.compute.backend import Backend
from pileus.kit.errors import NotFound
from pileus.kit.http.message import Reply, Request

OLD, CURRENT = "v2.0", "v2.1"
_VERSIONS: dict[str, dict[str, str]] = {
    OLD: {"status": "DEPRECATED", "version": "", "min_version": "", "updated": "2025-07-04T12:00:00Z"},
    CURRENT: {
        "status": "CURRENT",
        "version": str(HISTORY.newest),
        "min_version": str(HISTORY.oldest),
        "updated": "2013-07-23T11:33:21Z",
    },
}
_PATHS = {OLD: V2, CURRENT: "/v2.1"}


def list_versions(request: Request, _backend: Backend) -> Reply:
    """GET /."""
    return Reply.json({"versions": [_version(request, which) for which in _VERSIONS]})


def show_old(request: Request, _backend: Backend) -> Reply:
    """GET /v2/."""
    return _shown(request, OLD)


def show_version(request: Request, _backend: Backend) -> Reply:
    """GET /v2.1/."""
    return _shown(request, CURRENT)


def show_named(request: Request, _backend: Backend) -> Reply:
    """GET /versions/{version_id}; below /v2 there is but one, whatever it is called."""
    which = OLD if request.path.startswith(f"{V2}/") else request.params["version_id"]
    if which not in _VERSIONS:
        raise NotFound("The resource could not be found.")
    return _shown(request, which)


def list_choices(request: Request, _backend: Backend) -> Reply:
    """GET of a path that no version has."""
    choices = [
        {
            "id": which,
            "status": version["status"],
            "links": [{"rel": "self", "href": f"{request.base_url}{_PATHS[which]}{request.path}"}],
            "media-types": _media_types(which),
        }
        for which, version in _VERSIONS.items()
    ]
    return Reply.json({"choices": choices}, 300)


def _shown(request: Request, which: str) -> Reply:
    version = _version(request, which)
    version["links"].append({"rel": "describedby", "type": "text/html", "href": "http://docs.openstack.org/"})
    return Reply.json({"version": {**version, "media-types": _media_types(which)}})


def _version(request: Request, which: str) -> dict[str, Any]:
    links = [{"rel": "self", "href": f"{request.base_url}{_PATHS[which]}/"}]
    return {"id": which, **_VERSIONS[which], "links": links}


def _media_types(which: str) -> list[dict[str, str]]:
    number = which.removeprefix("v").removesuffix(".0")
    return [{"base": "application/json", "type": f"application/vnd.openstack.compute+json;version={number}"}]
