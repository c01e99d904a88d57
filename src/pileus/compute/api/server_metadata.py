"""Servers' metadata."""

from __future__ import annotations

from pileus.compute.api.lookup import read_server, server_of
from pileus.compute.backend import Backend
from pileus.compute.model.error.server import MetadataItemNotFound
from pileus.compute.operations import metadata as operations
from pileus.compute.settings import QuotaSettings
from pileus.kit.db import Transaction
from pileus.kit.errors import Invalid
from pileus.kit.http.message import Reply, Request


def show_all(request: Request, backend: Backend) -> Reply:
    """GET /servers/{server_id}/metadata."""
    return Reply.json({"metadata": dict(read_server(request, backend).metadata)})


def show(request: Request, backend: Backend) -> Reply:
    """GET /servers/{server_id}/metadata/{key}."""
    metadata, key = read_server(request, backend).metadata, request.params["key"]
    if key not in metadata:
        raise MetadataItemNotFound
    return Reply.json({"meta": {key: metadata[key]}})


def merge(request: Request, backend: Backend) -> Reply:
    """POST /servers/{server_id}/metadata."""
    changes, defaults = request.json()["metadata"], _defaults(request, backend)

    def change(tx: Transaction) -> Reply:
        server = server_of(request, tx)
        merged = operations.merge(tx, server, changes, defaults, backend.clock.now())
        return Reply.json({"metadata": dict(merged)})

    return backend.database.write(change)


def replace(request: Request, backend: Backend) -> Reply:
    """PUT /servers/{server_id}/metadata."""
    metadata, defaults = request.json()["metadata"], _defaults(request, backend)

    def change(tx: Transaction) -> Reply:
        server = server_of(request, tx)
        operations.replace(tx, server, metadata, defaults, backend.clock.now())
        return Reply.json({"metadata": metadata})

    return backend.database.write(change)


def update(request: Request, backend: Backend) -> Reply:
    """PUT /servers/{server_id}/metadata/{key}."""
    meta = request.json()["meta"]
    if request.params["key"] not in meta:
        raise Invalid("Request body and URI mismatch")
    defaults = _defaults(request, backend)

    def change(tx: Transaction) -> Reply:
        operations.merge(tx, server_of(request, tx), meta, defaults, backend.clock.now())
        return Reply.json({"meta": meta})

    return backend.database.write(change)


def delete(request: Request, backend: Backend) -> Reply:
    """DELETE /servers/{server_id}/metadata/{key}."""

    def remove(tx: Transaction) -> None:
        operations.remove(tx, server_of(request, tx), request.params["key"], backend.clock.now())

    backend.database.write(remove)
    return Reply.empty(204)


def _defaults(request: Request, backend: Backend) -> QuotaSettings:
    return backend.quota_of(request.context.project_id or "")
