"""The version document."""

from __future__ import annotations

from pileus.kit.http.message import Reply, Request
from pileus.placement.api import view
from pileus.placement.api.versions import HISTORY
from pileus.placement.backend import Backend


def show(_request: Request, backend: Backend) -> Reply:
    """GET /."""
    version = {
        "id": "v1.0",
        "min_version": str(HISTORY.oldest),
        "max_version": str(HISTORY.newest),
        "status": "CURRENT",
        "links": [{"rel": "self", "href": ""}],
    }
    return view.fresh({"versions": [version]}, backend.clock.now())
