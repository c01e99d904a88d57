"""Hosts as the API once showed them; hypervisors and services have taken their place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from pileus.compute.api.view.host import HostView
from pileus.compute.backend import Backend
from pileus.compute.db import host as rows
from pileus.compute.db import server as servers
from pileus.compute.model.error.host import ComputeHostNotFound, HypervisorNotFound
from pileus.compute.model.host import Host
from pileus.compute.model.server import Server
from pileus.kit.errors import NotImplementedHere
from pileus.kit.http.message import Reply, Request

SERVICE = "compute"


def list_all(request: Request, backend: Backend) -> Reply:
    """GET /os-hosts."""
    zone = request.query.get("zone")
    with backend.database.read() as tx:
        found = rows.list_all(tx)
    hosts = [
        {"host_name": host.host, "service": SERVICE, "zone": host.zone}
        for host in found
        if not host.service.is_disabled and zone in (None, "", host.zone)
    ]
    return Reply.json({"hosts": hosts})


def show(request: Request, backend: Backend) -> Reply:
    """GET /os-hosts/{host_name}: what there is, what is taken, by all and by each project."""
    host = _get(request, backend)
    with backend.database.read() as tx:
        on_host = servers.list_by_host(tx, host.host)
    view = HostView(request=request, now=backend.clock.now(), settings=backend.settings)
    figures = view.figures(host)
    by_project: defaultdict[str, list[Server]] = defaultdict(list)
    for server in on_host:
        by_project[server.project_id].append(server)
    resources = [
        _resource(host, "(total)", host.vcpus, host.memory_mb, host.local_gb),
        _resource(host, "(used_now)", figures["vcpus_used"], figures["memory_mb_used"], figures["local_gb_used"]),
        _sum(host, "(used_max)", on_host),
        *(_sum(host, project_id, each) for project_id, each in by_project.items()),
    ]
    return Reply.json({"host": resources})


def refuse(request: Request, backend: Backend) -> Reply:
    """PUT /os-hosts/{host_name}, and its power actions: no hypervisor here is managed like that."""
    _get(request, backend)
    raise NotImplementedHere("The requested functionality is not supported.")


def _get(request: Request, backend: Backend) -> Host:
    name = request.params["host_name"]
    try:
        with backend.database.read() as tx:
            return rows.get(tx, name)
    except HypervisorNotFound:
        raise ComputeHostNotFound(host=name) from None


def _sum(host: Host, project: str, found: Sequence[Server]) -> dict[str, Any]:
    vcpus = sum(server.flavor.vcpus for server in found)
    memory_mb = sum(server.flavor.memory_mb for server in found)
    return _resource(host, project, vcpus, memory_mb, sum(server.flavor.disk_gb for server in found))


def _resource(host: Host, project: str, vcpus: int, memory_mb: int, disk_gb: int) -> dict[str, Any]:
    figures = {"cpu": vcpus, "memory_mb": memory_mb, "disk_gb": disk_gb}
    return {"resource": {"host": host.host, "project": project, **figures}}
