"""Servers: how they are listed, shown, changed and deleted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pileus.compute.api import parse, server_query
from pileus.compute.api import versions as v
from pileus.compute.api.links import next_links
from pileus.compute.api.lookup import asker_of, read_server, server_of
from pileus.compute.api.sight import sight_of
from pileus.compute.api.view import server as view
from pileus.compute.backend import Backend
from pileus.compute.db import server as rows
from pileus.compute.db.server_list import ServerQuery, list_names, list_page
from pileus.compute.model.error.server import InstanceNotFound, MarkerNotFound
from pileus.compute.model.server import Server
from pileus.compute.operations import server as operations
from pileus.kit.db import Transaction
from pileus.kit.http.message import Reply, Request
from pileus.kit.http.page import limit_of

# --- reading --------------------------------------------------------------------------------------


def list_brief(request: Request, backend: Backend) -> Reply:
    """GET /servers."""
    with backend.database.read() as tx:
        query = _query(request, backend, tx, "os_compute_api:servers:index:get_all_tenants")
        page = list_names(tx, query)
    more = next_links(request, "servers_links", [server_id for server_id, _ in page], query.limit or 0)
    return Reply.json({"servers": [view.brief(request, server_id, name) for server_id, name in page], **more})


def list_full(request: Request, backend: Backend) -> Reply:
    """GET /servers/detail."""
    with backend.database.read() as tx:
        query = _query(request, backend, tx, "os_compute_api:servers:detail:get_all_tenants")
        page = list_page(tx, query)
    sight = sight_of(request, backend)
    more = next_links(request, "servers_links", [server.id for server in page], query.limit or 0)
    return Reply.json({"servers": [view.row(sight, server) for server in page], **more})


def _query(request: Request, backend: Backend, tx: Transaction, get_all_tenants: str) -> ServerQuery:
    limit = limit_of(request, default=None, maximum=backend.settings.max_limit)
    query = server_query.of_request(request, get_all_tenants=get_all_tenants, limit=limit)
    return replace(query, marker=_marker(request, tx, get_all_tenants))


def _marker(request: Request, tx: Transaction, get_all_tenants: str) -> Server | None:
    marker = request.query.get("marker")
    if marker is None:
        return None
    try:
        found = rows.get(tx, marker, may_be_deleted=True)
    except InstanceNotFound:
        raise MarkerNotFound(marker=marker) from None
    return server_query.require_marker(request, found, get_all_tenants=get_all_tenants)


def show(request: Request, backend: Backend) -> Reply:
    """GET /servers/{server_id}."""
    server = read_server(request, backend)
    return Reply.json({"server": view.full(sight_of(request, backend, server), server)})


# --- writing --------------------------------------------------------------------------------------

_COLUMNS = {
    "name": "name", "accessIPv4": "access_ip_v4", "accessIPv6": "access_ip_v6", "description": "description",
    "hostname": "hostname",
}  # fmt: skip


def update(request: Request, backend: Backend) -> Reply:
    """PUT /servers/{server_id}."""
    asked = request.json()["server"]
    values: dict[str, Any] = {_COLUMNS[name]: value for name, value in asked.items() if name in _COLUMNS}
    values |= {name: parse.address(values[name]) for name in ("access_ip_v4", "access_ip_v6") if name in values}
    if "OS-DCF:diskConfig" in asked:
        values["is_disk_config_auto"] = asked["OS-DCF:diskConfig"] == "AUTO"

    def change(tx: Transaction) -> Server:
        server = server_of(request, tx)
        if request.since(v.UPDATE_PINNED_ZONE) and "pinned_availability_zone" in asked:
            values["availability_zone"] = operations.pinned_zone(tx, server, asked["pinned_availability_zone"])
        return operations.update(tx, server, values, backend.clock.now())

    changed = backend.database.write(change)
    return Reply.json({"server": view.changed(sight_of(request, backend, changed), changed)})


def delete(request: Request, backend: Backend) -> Reply:
    """DELETE /servers/{server_id}."""
    verb = operations.soft_delete if backend.settings.reclaim_deleted_after_s else operations.delete

    def begin(tx: Transaction) -> None:
        verb(tx, backend, server_of(request, tx), asker_of(request))

    backend.database.write(begin)
    return Reply.empty(204)
