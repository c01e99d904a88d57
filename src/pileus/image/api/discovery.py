"""What this deployment can do: ways to import, and stores."""

from __future__ import annotations

from pileus.image.backend import Backend
from pileus.image.db import quota as quotas
from pileus.image.model.quota import UNITS
from pileus.kit.http.message import Reply, Request


def list_import_methods(_request: Request, backend: Backend) -> Reply:
    """List the ways to import."""
    methods = [] if backend.importing is None else list(backend.importing.methods)
    document = {"description": "Import methods available.", "type": "array", "value": methods}
    return Reply.json({"import-methods": document})


def show_usage(request: Request, backend: Backend) -> Reply:
    """Show what the caller's project has of each limit that the identity service keeps, and the limit."""
    project_id = request.context.project_id
    quota = backend.quota_of(project_id)
    with backend.database.read() as tx:
        used = quotas.usage(tx, project_id)
    limits = {} if quota.is_of_settings else quota.limits
    usage = {name: {"usage": used[name] // UNITS[name], "limit": limits[name] // UNITS[name]} for name in limits}
    return Reply.json({"usage": usage})
