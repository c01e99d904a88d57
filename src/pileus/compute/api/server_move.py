"""Actions that move servers: to another size, to another host, or off all hosts."""

from __future__ import annotations

from typing import Any

from pileus.compute.api import parse
from pileus.compute.api import versions as v
from pileus.compute.api.action import dispatcher
from pileus.compute.api.begin import action, begin, beginning
from pileus.compute.api.flavor import may_see_all
from pileus.compute.api.lookup import asker_of, migration_number, read_server
from pileus.compute.api.schema import server_action as body
from pileus.compute.api.server_create import PASSWORD_BITS
from pileus.compute.backend import Backend
from pileus.compute.db.server import UNCHANGED
from pileus.compute.model.error.migration import ForceWithoutHost
from pileus.compute.operations import image, live_migration, move
from pileus.compute.operations import shelve as shelving
from pileus.kit import ids
from pileus.kit.http.message import Reply, Request

_MIGRATE = "os_compute_api:os-migrate-server"
_TO_HOST = "os_compute_api:os-shelve:unshelve_to_host"


def resize(request: Request, backend: Backend, value: Any) -> Reply:
    """Resize."""
    defaults = backend.quota_of(read_server(request, backend).project_id)
    flavor_id = parse.last_part(value["flavorRef"])
    return begin(
        request, backend, move.resize, flavor_id, defaults=defaults, may_use_any_flavor=may_see_all(request),
        is_disk_config_auto=value.get("OS-DCF:diskConfig") == "AUTO",
    )  # fmt: skip


def confirm(request: Request, backend: Backend, _value: Any) -> Reply:
    """ConfirmResize."""
    begin(request, backend, move.confirm)
    return Reply.empty(204)


def revert(request: Request, backend: Backend, _value: Any) -> Reply:
    """RevertResize."""
    return begin(request, backend, move.revert, defaults=backend.quota_of(read_server(request, backend).project_id))


def migrate(request: Request, backend: Backend, value: Any) -> Reply:
    """Migrate; to name the host takes a rule of its own."""
    host = value.get("host") if request.since(v.MIGRATE_HOST) and value else None
    if host is not None:
        read_server(request, backend, f"{_MIGRATE}:migrate:host")
    return begin(request, backend, move.migrate, host=host)


def live_migrate(request: Request, backend: Backend, value: Any) -> Reply:
    """os-migrateLive; to name the host takes a rule of its own."""
    host = value["host"]
    _require_host_if_forced(value, host)
    if host is not None:
        read_server(request, backend, f"{_MIGRATE}:migrate_live:host")
    return begin(request, backend, move.live_migrate, host=host)


def evacuate(request: Request, backend: Backend, value: Any) -> Reply:
    """Evacuate."""
    host, is_stopped = value.get("host"), request.since(v.EVACUATE_STOPS)
    _require_host_if_forced(value, host)
    begin(request, backend, move.evacuate, host=host, is_stopped=is_stopped)
    if request.since(v.EVACUATE_FINDS_STORAGE):
        return Reply.empty(200)
    return Reply.json({"adminPass": value.get("adminPass") or ids.new_secret(PASSWORD_BITS)})


def _require_host_if_forced(value: dict[str, Any], host: str | None) -> None:
    if parse.is_true(value.get("force", False)) and not host:
        raise ForceWithoutHost


def shelve(request: Request, backend: Backend, _value: Any) -> Reply:
    """Shelve."""
    image.shelve(backend, read_server(request, backend), asker_of(request), request.context.token)
    return Reply.empty(202)


def unshelve(request: Request, backend: Backend, value: Any) -> Reply:
    """Unshelve; to name the host takes a rule of its own."""
    asked = value if request.since(v.UNSHELVE_ZONE) and value else {}
    host = asked.get("host")
    if host is not None:
        read_server(request, backend, _TO_HOST)
    return begin(request, backend, shelving.unshelve, zone=asked.get("availability_zone", UNCHANGED), host=host)


def abort_migration(request: Request, backend: Backend) -> Reply:
    """DELETE /servers/{server_id}/migrations/{migration_id}."""
    server = read_server(request, backend)
    may_be_queued = request.since(v.ABORT_QUEUED_MIGRATION)
    live_migration.abort(backend, server, asker_of(request), migration_number(request), may_be_queued=may_be_queued)
    return Reply.empty(202)


def force_complete(request: Request, backend: Backend, _value: Any) -> Reply:
    """force_complete."""
    server, asker = read_server(request, backend), asker_of(request)
    live_migration.force_complete(backend, server, asker, migration_number(request))
    return Reply.empty(202)


ACTIONS = (
    action("resize", resize, "servers:resize", body.RESIZE),
    action("confirmResize", confirm, "servers:confirm_resize", body.plain("confirmResize")),
    action("revertResize", revert, "servers:revert_resize", body.plain("revertResize")),
    action("migrate", migrate, "os-migrate-server:migrate", body.MIGRATE),
    action("os-migrateLive", live_migrate, "os-migrate-server:migrate_live", body.LIVE_MIGRATE),
    action("evacuate", evacuate, "os-evacuate", body.EVACUATE),
    action("shelve", shelve, "os-shelve:shelve", body.plain("shelve")),
    action("shelveOffload", beginning(shelving.offload), "os-shelve:shelve_offload", body.plain("shelveOffload")),
    action("unshelve", unshelve, "os-shelve:unshelve", body.UNSHELVE),
)
MIGRATION_ACTIONS = (
    action("force_complete", force_complete, "servers:migrations:force_complete", body.FORCE_COMPLETE),
)  # fmt: skip

run_on_migration = dispatcher(MIGRATION_ACTIONS)
