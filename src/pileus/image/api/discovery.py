"""What this deployment can do: ways to import, and stores."""

from __future__ import annotations

from typing import Any

from pileus.image.backend import Backend
from pileus.kit.http.message import Reply, Request


def list_import_methods(_request: Request, _backend: Backend) -> Reply:
    """List the ways to import. There are none yet: bytes come by upload."""
    return Reply.json({"import-methods": {"description": "Import methods available.", "type": "array", "value": []}})


def list_stores(_request: Request, backend: Backend) -> Reply:
    """List the stores."""
    stores: list[dict[str, Any]] = [{"id": name} for name in backend.stores]
    for store in stores:
        if store["id"] == backend.default_store:
            store["default"] = "true"
    return Reply.json({"stores": stores})
