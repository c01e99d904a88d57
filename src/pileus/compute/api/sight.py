"""What a request may see of servers."""

from __future__ import annotations

from pileus.compute.api import versions as v
from pileus.compute.api.view.server import Sight
from pileus.compute.backend import Backend
from pileus.compute.db import host as hosts
from pileus.compute.db import service as services
from pileus.compute.model.host import COMPUTE_BINARY
from pileus.compute.model.server import Server
from pileus.kit.http.message import Request

_HOST_STATUS = "os_compute_api:servers:show:host_status"


def sight_of(request: Request, backend: Backend, server: Server | None = None) -> Sight:
    """Return it, for one server or for all that the caller lists. Never asked inside a transaction."""
    caller = {"project_id": request.context.project_id, "user_id": request.context.user_id}
    target = caller if server is None else server.policy_target
    sees_status = request.since(v.HOST_STATUS) and request.may(_HOST_STATUS, target)
    sees_unknown = request.since(v.HOST_STATUS) and request.may(f"{_HOST_STATUS}:unknown-only", target)
    return Sight(
        request=request,
        zones=backend.seen.read(hosts.zones),
        host_status=_host_status(backend, server) if sees_status or sees_unknown else None,
        sees_only_unknown_status=not sees_status,
        sees_extended=request.may("os_compute_api:os-extended-server-attributes", target),
        sees_extra_specs=request.since(v.EMBEDDED_FLAVOR)
        and request.may("os_compute_api:servers:show:flavor-extra-specs", target),
        sees_fault_details=request.may("context_is_admin", target),
    )


def _host_status(backend: Backend, server: Server | None) -> dict[str, str]:
    now, down_after_s = backend.clock.now(), backend.settings.service_down_time_s
    host = None if server is None else server.host or ""
    found = backend.seen.read(services.list_all, host=host, binary=COMPUTE_BINARY)
    return {service.host: service.status(now, down_after_s) for service in found}
