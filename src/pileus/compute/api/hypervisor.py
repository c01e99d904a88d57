"""Hypervisors: what hosts have, and what is used of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pileus.compute.api.links import next_links
from pileus.compute.api.view import host as view
from pileus.compute.backend import Backend
from pileus.compute.db import host as rows
from pileus.compute.db import server as servers
from pileus.compute.model.errors import HypervisorNotFound
from pileus.compute.model.host import Host
from pileus.compute.model.server import instance_name_of
from pileus.kit.errors import NotFound
from pileus.kit.http.message import Reply, Request
from pileus.kit.http.page import limit_of


def list_brief(request: Request, backend: Backend) -> Reply:
    """GET /os-hypervisors."""
    shown = view.HostView(now=backend.clock.now(), settings=backend.settings)
    return _list(request, backend, shown.brief)


def list_full(request: Request, backend: Backend) -> Reply:
    """GET /os-hypervisors/detail."""
    shown = view.HostView(now=backend.clock.now(), settings=backend.settings)
    return _list(request, backend, shown.full)


def _list(request: Request, backend: Backend, render: Callable[[Host], dict[str, object]]) -> Reply:
    limit = limit_of(request, default=None, maximum=backend.settings.max_limit)
    page = _all(backend)[:limit]
    more = next_links(request, "hypervisors_links", [str(host.number) for host in page], limit) if page else {}
    if "limit" not in request.query:  # paging came later; older clients do not know the member
        more = {}
    return Reply.json({"hypervisors": [render(host) for host in page], **more})


def show(request: Request, backend: Backend) -> Reply:
    """GET /os-hypervisors/{hypervisor_id}."""
    shown = view.HostView(now=backend.clock.now(), settings=backend.settings)
    return Reply.json({"hypervisor": shown.full(_find(request, backend))})


def uptime(request: Request, backend: Backend) -> Reply:
    """GET /os-hypervisors/{hypervisor_id}/uptime."""
    host = _find(request, backend)
    shown = view.HostView(now=backend.clock.now(), settings=backend.settings)
    return Reply.json({"hypervisor": {**shown.brief(host), "uptime": host.uptime}})


def statistics(_request: Request, backend: Backend) -> Reply:
    """GET /os-hypervisors/statistics."""
    shown = view.HostView(now=backend.clock.now(), settings=backend.settings)
    documents = [shown.full(host) for host in _all(backend) if not host.service.is_disabled]
    sums = {name: sum(int(document[name]) for document in documents) for name in view.SUMMED}
    return Reply.json({"hypervisor_statistics": {"count": len(documents), **sums}})


def search(request: Request, backend: Backend) -> Reply:
    """GET /os-hypervisors/{hypervisor_id}/search."""
    shown = view.HostView(now=backend.clock.now(), settings=backend.settings)
    return Reply.json({"hypervisors": [shown.brief(host) for host in _matching(request, backend)]})


def list_servers(request: Request, backend: Backend) -> Reply:
    """GET /os-hypervisors/{hypervisor_id}/servers."""
    shown = view.HostView(now=backend.clock.now(), settings=backend.settings)
    documents = []
    for host in _matching(request, backend):
        document = shown.brief(host)
        with backend.database.read() as tx:
            found = servers.list_by_host(tx, host.host)
        if found:
            document["servers"] = [{"uuid": server.id, "name": instance_name_of(server)} for server in found]
        documents.append(document)
    return Reply.json({"hypervisors": documents})


def _all(backend: Backend) -> Sequence[Host]:
    with backend.database.read() as tx:
        return rows.list_all(tx)


def _find(request: Request, backend: Backend) -> Host:
    hypervisor_id = request.params["hypervisor_id"]
    for host in _all(backend):
        if hypervisor_id in (str(host.number), host.uuid):
            return host
    raise HypervisorNotFound(hypervisor_id=hypervisor_id)


def _matching(request: Request, backend: Backend) -> Sequence[Host]:
    pattern = request.params["hypervisor_id"]
    found = [host for host in _all(backend) if pattern in host.hostname]
    if not found:
        raise NotFound(f"No hypervisor matching '{pattern}' could be found.")
    return found
