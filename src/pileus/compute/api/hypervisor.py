"""Hypervisors: what hosts have, and what is used of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from pileus.compute.api import parse
from pileus.compute.api import versions as v
from pileus.compute.api.links import next_links
from pileus.compute.api.view.host import FIGURES, HostView
from pileus.compute.backend import Backend
from pileus.compute.db import host as rows
from pileus.compute.db import server as servers
from pileus.compute.model.error.host import ComputeHostDown, HypervisorNotFound
from pileus.compute.model.error.server import MarkerNotFound
from pileus.compute.model.host import Host
from pileus.compute.model.server import Server
from pileus.kit import ids
from pileus.kit.errors import Invalid, NotFound
from pileus.kit.http.message import Reply, Request
from pileus.kit.http.page import limit_of

PATTERN = "hypervisor_hostname_pattern"
_NO_HOSTNAME = re.compile(r"[^a-zA-Z0-9._-]")

Render = Callable[[Host, Sequence[Server] | None], dict[str, Any]]


def list_brief(request: Request, backend: Backend) -> Reply:
    """GET /os-hypervisors."""
    return _list(request, backend, _view(request, backend).brief)


def list_full(request: Request, backend: Backend) -> Reply:
    """GET /os-hypervisors/detail."""
    return _list(request, backend, _view(request, backend).full)


def show(request: Request, backend: Backend) -> Reply:
    """GET /os-hypervisors/{hypervisor_id}."""
    host = _get(request, backend)
    on_host = _servers(backend, [host]) if _wants_servers(request) else {}
    return Reply.json({"hypervisor": _view(request, backend).full(host, on_host.get(host.host))})


def uptime(request: Request, backend: Backend) -> Reply:
    """GET /os-hypervisors/{hypervisor_id}/uptime."""
    host, view = _get(request, backend), _view(request, backend)
    if not view.is_up(host.service):
        raise ComputeHostDown(host=host.host)
    return Reply.json({"hypervisor": {**view.brief(host), "uptime": host.uptime}})


def statistics(request: Request, backend: Backend) -> Reply:
    """GET /os-hypervisors/statistics."""
    view = _view(request, backend)
    figures = [view.figures(host) for host in _all(backend) if not host.service.is_disabled]
    sums = {name: sum(each[name] for each in figures) for name in FIGURES}
    return Reply.json({"hypervisor_statistics": {"count": len(figures), **sums}})


def search(request: Request, backend: Backend) -> Reply:
    """GET /os-hypervisors/{hypervisor_id}/search."""
    view = _view(request, backend)
    found = _matching(backend, request.params["hypervisor_id"])
    return Reply.json({"hypervisors": [view.brief(host) for host in found]})


def list_servers(request: Request, backend: Backend) -> Reply:
    """GET /os-hypervisors/{hypervisor_id}/servers."""
    view = _view(request, backend)
    found = _matching(backend, request.params["hypervisor_id"])
    on_host = _servers(backend, found)
    return Reply.json({"hypervisors": [view.brief(host, on_host[host.host]) for host in found]})


def _view(request: Request, backend: Backend) -> HostView:
    return HostView(request=request, now=backend.clock.now(), settings=backend.settings)


# --- lists ----------------------------------------------------------------------------------------


def _list(request: Request, backend: Backend, render: Render) -> Reply:
    pattern = request.query.get(PATTERN) if request.since(v.HYPERVISOR_UUIDS) else None
    if pattern is None:
        page, more = _page(request, backend)
    else:
        page, more = _search(request, backend, pattern), {}
    on_host = _servers(backend, page) if _wants_servers(request) else {}
    return Reply.json({"hypervisors": [render(host, on_host.get(host.host)) for host in page], **more})


def _page(request: Request, backend: Backend) -> tuple[Sequence[Host], dict[str, Any]]:
    found = _all(backend)
    if not request.since(v.HYPERVISOR_PAGES):
        return found, {}
    marker, limit = request.query.get("marker"), limit_of(request, default=None, maximum=backend.settings.max_limit)
    names = [_id_of(request, host) for host in found]
    if marker is not None and marker not in names:
        raise MarkerNotFound(marker=marker)
    page = found[names.index(marker) + 1 if marker is not None else 0 :][:limit]
    return page, next_links(request, "hypervisors_links", [_id_of(request, host) for host in page], limit)


def _search(request: Request, backend: Backend, pattern: str) -> Sequence[Host]:
    if "limit" in request.query or "marker" in request.query:
        raise Invalid(f"Paging over hypervisors with the {PATTERN} query parameter is not supported.")
    if not pattern or _NO_HOSTNAME.search(pattern):
        raise Invalid(f"Invalid input for query parameters {PATTERN}. Value: {pattern}.")
    return _matching(backend, pattern)


def _matching(backend: Backend, pattern: str) -> Sequence[Host]:
    found = [host for host in _all(backend) if pattern in host.hostname]
    if not found:
        raise NotFound(f"No hypervisor matching '{pattern}' could be found.")
    return found


def _wants_servers(request: Request) -> bool:
    text = request.query.get("with_servers") if request.since(v.HYPERVISOR_UUIDS) else None
    return text is not None and parse.boolean("with_servers", text)


# --- hosts ----------------------------------------------------------------------------------------


def _all(backend: Backend) -> Sequence[Host]:
    with backend.database.read() as tx:
        return rows.list_all(tx)


def _servers(backend: Backend, hosts: Sequence[Host]) -> dict[str, Sequence[Server]]:
    with backend.database.read() as tx:
        return {host.host: servers.list_by_host(tx, host.host) for host in hosts}


def _id_of(request: Request, host: Host) -> str:
    return host.uuid if request.since(v.HYPERVISOR_UUIDS) else str(host.number)


def _get(request: Request, backend: Backend) -> Host:
    hypervisor_id = request.params["hypervisor_id"]
    if request.since(v.HYPERVISOR_UUIDS) and not ids.is_uuid(hypervisor_id):
        raise Invalid(f"Invalid uuid {hypervisor_id}")
    for host in _all(backend):
        if _id_of(request, host) == hypervisor_id:
            return host
    raise HypervisorNotFound(hypervisor_id=hypervisor_id)
