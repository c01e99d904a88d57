"""Links to resources, in the form of the path that the request came by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pileus.kit.http.message import Request
from pileus.kit.http.page import with_marker

V2 = "/v2"
"""Where the oldest version is found under an older name, without microversions."""

URL_PROJECT = "url_project_id"
"""The parameter of paths that name the caller's project, as all of them once did."""


def _project_part(request: Request) -> str:
    project_id = request.params.get(URL_PROJECT)
    return f"/{project_id}" if project_id else ""


def self_url(request: Request, path: str) -> str:
    """Return a resource's URL; `path` is such as `servers/ID`."""
    version = V2 if request.path.startswith(f"{V2}/") else "/v2.1"
    return f"{request.base_url}{version}{_project_part(request)}/{path}"


def bookmark(request: Request, path: str) -> dict[str, str]:
    """Return the link to a resource without a version."""
    return {"rel": "bookmark", "href": f"{request.base_url}{_project_part(request)}/{path}"}


def links(request: Request, path: str) -> list[dict[str, str]]:
    """Return a resource's two links."""
    return [{"rel": "self", "href": self_url(request, path)}, bookmark(request, path)]


def next_links(request: Request, name: str, ids: Sequence[str], limit: int) -> dict[str, Any]:
    """Return the link to the next page, if this one is full, as a member of the list's document."""
    if not ids or len(ids) < limit:
        return {}
    href = with_marker(request, ids[-1], f"{request.base_url}{request.path}")
    return {name: [{"rel": "next", "href": href}]}
