"""Migrations: everybody's in one list, and the live ones of one server while they last."""

from __future__ import annotations

from typing import Any

from pileus.compute.api import versions as v
from pileus.compute.api.changes import changes_of
from pileus.compute.api.links import links, next_links
from pileus.compute.api.lookup import migration_number, server_of
from pileus.compute.backend import Backend
from pileus.compute.db import server_migration as rows
from pileus.compute.model.error.migration import LiveMigrationNotFound, MigrationNotInProgress, MigrationNotLive
from pileus.compute.model.server_migration import Migration, MigrationType
from pileus.kit.http.message import Reply, Request
from pileus.kit.http.page import limit_of

_INDEX = "os_compute_api:os-migrations:index"
_OF_SERVER = "os_compute_api:servers:migrations:index"
_EQUALS = {
    "instance_uuid": "server_id", "status": "status", "migration_type": "type", "source_compute": "source_host",
    "project_id": "project_id",  # in every version: who may see his own project's alone must not see all
}  # fmt: skip
_EQUALS_SINCE_OWNER = {"user_id": "user_id"}
_FORMAT = "%Y-%m-%dT%H:%M:%S.%f"


# --- everybody's ----------------------------------------------------------------------------------


def list_all(request: Request, backend: Backend) -> Reply:
    """GET /os-migrations."""
    target = {"project_id": request.context.project_id, "user_id": request.context.user_id}
    query, has_pages = request.query, request.since(v.MIGRATION_PAGES)
    if query.get("project_id") is None or query.get("project_id") != request.context.project_id:
        request.require(target, f"{_INDEX}:all_projects")
    names = _EQUALS | (_EQUALS_SINCE_OWNER if request.since(v.MIGRATION_OWNER) else {})
    values = {column: query.get(name) for name, column in names.items() if query.get(name)}
    since, before = changes_of(request) if has_pages else (None, None)
    limit = limit_of(request, default=None, maximum=backend.settings.max_limit) if has_pages else None
    marker = query.get("marker") if has_pages else None
    with backend.database.read() as tx:
        found = rows.list_all(
            tx, host=query.get("host"), changed_since=since, changed_before=before, marker=marker, limit=limit,
            **values,
        )  # fmt: skip
    sees_host = request.may(f"{_INDEX}:host", target)
    more = {} if limit is None else next_links(request, "migrations_links", [one.uuid for one in found], limit)
    return Reply.json({"migrations": [_row(request, one, sees_host=sees_host) for one in found], **more})


def _row(request: Request, one: Migration, *, sees_host: bool) -> dict[str, Any]:
    document = {
        "id": one.number,
        "instance_uuid": one.server_id,
        "status": one.status,
        "old_instance_type_id": one.old_flavor_number,
        "new_instance_type_id": one.new_flavor_number,
        **_when_and_where(one, sees_host=sees_host),
        **_later(request, one),
    }
    if request.since(v.SERVER_MIGRATIONS):
        document["migration_type"] = one.type
        if one.type == MigrationType.LIVE and one.is_in_progress:
            document["links"] = links(request, f"servers/{one.server_id}/migrations/{one.number}")
    return document


def _when_and_where(one: Migration, *, sees_host: bool) -> dict[str, Any]:
    return {
        "created_at": one.created_at.strftime(_FORMAT),
        "updated_at": None if one.updated_at is None else one.updated_at.strftime(_FORMAT),
        "source_compute": one.source_host if sees_host else None,
        "source_node": one.source_node if sees_host else None,
        "dest_compute": one.dest_host if sees_host else None,
        "dest_node": one.dest_node if sees_host else None,
        "dest_host": one.dest_address if sees_host else None,
    }


def _later(request: Request, one: Migration) -> dict[str, Any]:
    document: dict[str, Any] = {}
    if request.since(v.MIGRATION_PAGES):
        document["uuid"] = one.uuid
    if request.since(v.MIGRATION_OWNER):
        document |= {"user_id": one.user_id, "project_id": one.project_id}
    return document


# --- one server's ---------------------------------------------------------------------------------


def list_of_server(request: Request, backend: Backend) -> Reply:
    """GET /servers/{server_id}/migrations."""
    with backend.database.read() as tx:
        server = server_of(request, tx)
        found = rows.list_in_progress(tx, server.id, MigrationType.LIVE)
    sees_host = request.may(f"{_OF_SERVER}:host", server.policy_target)
    return Reply.json({"migrations": [_live(request, one, sees_host=sees_host) for one in found]})


def show(request: Request, backend: Backend) -> Reply:
    """GET /servers/{server_id}/migrations/{migration_id}."""
    number = migration_number(request)
    with backend.database.read() as tx:
        server = server_of(request, tx)
        found = rows.find_of(tx, server.id, number)
    which = {"migration_id": number, "server_id": server.id}
    if found is None:
        raise LiveMigrationNotFound(**which)
    if found.type != MigrationType.LIVE:
        raise MigrationNotLive(**which)
    if not found.is_in_progress:
        raise MigrationNotInProgress(**which)
    return Reply.json({"migration": _live(request, found, sees_host=True)})


def _live(request: Request, one: Migration, *, sees_host: bool) -> dict[str, Any]:
    return {
        "id": one.number,
        "server_uuid": one.server_id,
        "status": one.status,
        **_when_and_where(one, sees_host=sees_host),
        **_amounts("memory", one.memory_total_bytes, one.memory_processed_bytes),
        **_amounts("disk", one.disk_total_bytes, one.disk_processed_bytes),
        **_later(request, one),
    }


def _amounts(what: str, total: int | None, processed: int | None) -> dict[str, int | None]:
    remaining = None if total is None else total - (processed or 0)
    return {
        f"{what}_total_bytes": total, f"{what}_processed_bytes": processed, f"{what}_remaining_bytes": remaining,
    }  # fmt: skip
