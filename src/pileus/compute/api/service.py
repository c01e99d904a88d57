"""The cloud's services."""

from __future__ import annotations

from typing import Any

from pileus.compute.api import parse
from pileus.compute.api import versions as v
from pileus.compute.api.view.host import HostView
from pileus.compute.backend import Backend
from pileus.compute.db import host as hosts
from pileus.compute.db import service as rows
from pileus.compute.model.host import Service
from pileus.compute.operations import service as operations
from pileus.kit import ids
from pileus.kit.db import Transaction
from pileus.kit.errors import Invalid
from pileus.kit.http.message import Reply, Request


def list_all(request: Request, backend: Backend) -> Reply:
    """GET /os-services."""
    view = _view(request, backend)
    with backend.database.read() as tx:
        found = rows.list_all(tx, host=request.query.get("host"), binary=request.query.get("binary"))
        zones = hosts.zones(tx)
    return Reply.json({"services": [view.service(service, zones.get(service.host)) for service in found]})


def update(request: Request, backend: Backend) -> Reply:
    """PUT /os-services/{service_id}."""
    service_id, asked = request.params["service_id"], request.json()
    if not ids.is_uuid(service_id):
        raise Invalid(f"Invalid uuid {service_id}")
    changes = _changes(asked)
    if not changes:
        raise Invalid("No updates were requested. Fields 'status' or 'forced_down' should be specified.")

    def change(tx: Transaction) -> tuple[Service, str | None]:
        service = rows.get_by_uuid(tx, service_id)
        changed = operations.change(tx, service.host, service.binary, backend.clock.now(), **changes)
        return changed, hosts.zones(tx).get(changed.host)

    return Reply.json({"service": _view(request, backend).service(*backend.database.write(change))})


def _changes(asked: dict[str, Any]) -> dict[str, Any]:
    reason = asked.get("disabled_reason")
    changes: dict[str, Any] = {}
    if asked.get("status") == "enabled":
        if reason:
            raise Invalid("Specifying 'disabled_reason' with status 'enabled' is invalid.")
        changes = {"is_disabled": False, "disabled_reason": None}
    elif asked.get("status") == "disabled":
        changes = {"is_disabled": True, "disabled_reason": reason}
    if "forced_down" in asked:
        changes["is_forced_down"] = parse.is_true(asked["forced_down"])
    return changes


def delete(request: Request, backend: Backend) -> Reply:
    """DELETE /os-services/{service_id}."""
    text = request.params["service_id"]
    is_by_uuid = request.since(v.SERVICE_UUIDS)
    if is_by_uuid and not ids.is_uuid(text):
        raise Invalid(f"Invalid uuid {text}")
    if not is_by_uuid and not parse.is_whole(text):
        raise Invalid("Invalid input received: id must be an integer")
    with backend.database.read() as tx:
        service = rows.get_by_uuid(tx, text) if is_by_uuid else rows.get(tx, int(text))
    operations.delete(backend, service.number)
    return Reply.empty(204)


# --- by host and binary, as it once was -----------------------------------------------------------


def enable(request: Request, backend: Backend) -> Reply:
    """PUT /os-services/enable."""
    return _change(request, backend, {"status": "enabled"}, is_disabled=False, disabled_reason=None)


def disable(request: Request, backend: Backend) -> Reply:
    """PUT /os-services/disable."""
    return _change(request, backend, {"status": "disabled"}, is_disabled=True, disabled_reason=None)


def disable_for_reason(request: Request, backend: Backend) -> Reply:
    """PUT /os-services/disable-log-reason."""
    reason = request.json().get("disabled_reason")
    if reason is None:
        raise Invalid("Missing disabled reason field")
    shown = {"status": "disabled", "disabled_reason": reason}
    return _change(request, backend, shown, is_disabled=True, disabled_reason=reason)


def force_down(request: Request, backend: Backend) -> Reply:
    """PUT /os-services/force-down."""
    if "forced_down" not in request.json():
        raise Invalid("Missing forced_down field")
    is_forced_down = parse.is_true(request.json()["forced_down"])
    return _change(request, backend, {"forced_down": is_forced_down}, is_forced_down=is_forced_down)


def _change(request: Request, backend: Backend, shown: dict[str, Any], **values: Any) -> Reply:
    host, binary = request.json()["host"], request.json()["binary"]
    backend.database.write(lambda tx: operations.change(tx, host, binary, backend.clock.now(), **values))
    return Reply.json({"service": {"host": host, "binary": binary, **shown}})


def _view(request: Request, backend: Backend) -> HostView:
    return HostView(request=request, now=backend.clock.now(), settings=backend.settings)
