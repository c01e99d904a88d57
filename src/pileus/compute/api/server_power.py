"""Actions that switch servers on and off, lock them, and help them up."""

from __future__ import annotations

from typing import Any

from pileus.compute.api import versions as v
from pileus.compute.api.begin import action, begin, beginning
from pileus.compute.api.lookup import asker_of, read_server, server_of
from pileus.compute.api.schema import server as server_body
from pileus.compute.api.schema import server_action as body
from pileus.compute.api.server_create import PASSWORD_BITS
from pileus.compute.backend import Backend
from pileus.compute.model.server import ImageSnapshot
from pileus.compute.operations import guest, lock, power
from pileus.compute.operations import server as operations
from pileus.kit import ids
from pileus.kit.db import Transaction
from pileus.kit.http.message import Reply, Request

_UNLOCK_OTHERS = "os_compute_api:os-lock-server:unlock:unlock_override"


def reboot(request: Request, backend: Backend, value: Any) -> Reply:
    """Reboot."""
    return begin(request, backend, power.reboot, is_hard=value["type"].upper() == "HARD")


def lock_server(request: Request, backend: Backend, value: Any) -> Reply:
    """Lock."""
    reason = value.get("locked_reason") if request.since(v.LOCK_REASON) and value else None
    return begin(request, backend, lock.lock, reason=reason)


def unlock_server(request: Request, backend: Backend, _value: Any) -> Reply:
    """Unlock; what an administrator has locked takes a rule of its own."""

    def unlock(tx: Transaction) -> None:
        server, asker = server_of(request, tx), asker_of(request)
        if server.locked_by == lock.ADMIN:
            request.require(server.policy_target, _UNLOCK_OTHERS)
        lock.unlock(tx, backend, server, asker)

    backend.database.write(unlock)
    return Reply.empty(202)


def rescue(request: Request, backend: Backend, value: Any) -> Reply:
    """Rescue."""
    asked = value or {}
    begin(request, backend, power.rescue, image=_rescue_image(request, backend, asked.get("rescue_image_ref")))
    return Reply.json({"adminPass": asked.get("adminPass") or ids.new_secret(PASSWORD_BITS)})


def _rescue_image(request: Request, backend: Backend, image_id: str | None) -> ImageSnapshot | None:
    if image_id is None:
        return None
    server, token = read_server(request, backend), request.context.token
    return power.read_rescue_image(backend, server, asker_of(request), image_id, token)


def change_password(request: Request, backend: Backend, value: Any) -> Reply:
    """ChangePassword."""
    guest.change_password(backend, read_server(request, backend), asker_of(request), value["adminPass"])
    return Reply.empty(202)


def crash(request: Request, backend: Backend, _value: Any) -> Reply:
    """trigger_crash_dump."""
    guest.crash(backend, read_server(request, backend), asker_of(request))
    return Reply.empty(202)


def reset_state(request: Request, backend: Backend, value: Any) -> Reply:
    """os-resetState."""
    return begin(request, backend, operations.reset_state, vm_state=value["state"])


ACTIONS = (
    action("os-start", beginning(power.start), "servers:start", server_body.START),
    action("os-stop", beginning(power.stop), "servers:stop", server_body.STOP),
    action("reboot", reboot, "servers:reboot", server_body.REBOOT),
    action("pause", beginning(power.pause), "os-pause-server:pause", body.plain("pause")),
    action("unpause", beginning(power.unpause), "os-pause-server:unpause", body.plain("unpause")),
    action("suspend", beginning(power.suspend), "os-suspend-server:suspend", body.plain("suspend")),
    action("resume", beginning(power.resume), "os-suspend-server:resume", body.plain("resume")),
    action("lock", lock_server, "os-lock-server:lock", body.LOCK),
    action("unlock", unlock_server, "os-lock-server:unlock", body.plain("unlock")),
    action("rescue", rescue, "os-rescue", body.RESCUE),
    action("unrescue", beginning(power.unrescue), "os-unrescue", body.plain("unrescue")),
    action("restore", beginning(power.restore), "os-deferred-delete:restore", body.plain("restore")),
    action("forceDelete", beginning(operations.delete), "os-deferred-delete:force", body.plain("forceDelete")),
    action("changePassword", change_password, "os-admin-password", body.CHANGE_PASSWORD),
    action("trigger_crash_dump", crash, "servers:trigger_crash_dump", body.CRASH_DUMP, since=v.CRASH_DUMP),
    action("os-resetState", reset_state, "os-admin-actions:reset_state", server_body.RESET_STATE),
)
