"""The cloud's services."""

from __future__ import annotations

from pileus.compute.api import parse
from pileus.compute.api.view.host import HostView
from pileus.compute.backend import Backend
from pileus.compute.db import host as hosts
from pileus.compute.db import service as rows
from pileus.compute.operations import service as operations
from pileus.kit.db import Transaction
from pileus.kit.http.message import Reply, Request


def list_all(request: Request, backend: Backend) -> Reply:
    """GET /os-services."""
    view = HostView(now=backend.clock.now(), settings=backend.settings)
    with backend.database.read() as tx:
        found = rows.list_all(tx, host=request.query.get("host"), binary=request.query.get("binary"))
        zones = hosts.zones(tx)
    return Reply.json({"services": [view.service(service, zones.get(service.host)) for service in found]})


def enable(request: Request, backend: Backend) -> Reply:
    """PUT /os-services/enable."""
    return _set_disabled(request, backend, is_disabled=False)


def disable(request: Request, backend: Backend) -> Reply:
    """PUT /os-services/disable, and /os-services/disable-log-reason."""
    return _set_disabled(request, backend, is_disabled=True)


def _set_disabled(request: Request, backend: Backend, *, is_disabled: bool) -> Reply:
    asked = request.json()
    reason = asked.get("disabled_reason")

    def change(tx: Transaction) -> None:
        operations.set_disabled(
            tx, asked["host"], asked["binary"], backend.clock.now(), is_disabled=is_disabled, reason=reason
        )

    backend.database.write(change)
    return Reply.json({"service": {**asked, "status": "disabled" if is_disabled else "enabled"}})


def delete(request: Request, backend: Backend) -> Reply:
    """DELETE /os-services/{service_id}."""
    operations.delete(backend, parse.whole("service", request.params["service_id"]))
    return Reply.empty(204)
