"""Servers' tags."""

from __future__ import annotations

from pileus.compute.api.links import self_url
from pileus.compute.api.lookup import read_server, server_of
from pileus.compute.api.schema import parts
from pileus.compute.backend import Backend
from pileus.compute.model.error.tag import TagInvalid, TagNotFound
from pileus.compute.operations import tag as operations
from pileus.kit.db import Transaction
from pileus.kit.http.message import Reply, Request
from pileus.kit.schema import Schema, obj

REPLACE = Schema(obj({"tags": {"type": "array", "items": parts.TAG, "maxItems": parts.MOST_TAGS}}, required=["tags"]))
_TAG = Schema(parts.TAG)


def show_all(request: Request, backend: Backend) -> Reply:
    """GET /servers/{server_id}/tags."""
    return Reply.json({"tags": read_server(request, backend).tags})


def show(request: Request, backend: Backend) -> Reply:
    """GET /servers/{server_id}/tags/{tag}."""
    server, tag = read_server(request, backend), request.params["tag"]
    if tag not in server.tags:
        raise TagNotFound(server_id=server.id, tag=tag)
    return Reply.empty(204)


def add(request: Request, backend: Backend) -> Reply:
    """PUT /servers/{server_id}/tags/{tag}."""
    tag = request.params["tag"]

    def change(tx: Transaction) -> Reply:
        server = server_of(request, tx)
        mismatch = _TAG.mismatch(tag)
        if mismatch is not None:
            raise TagInvalid(tag=tag, reason=mismatch.sentence)
        if tag in server.tags or not operations.add(tx, server, tag):
            return Reply.empty(204)
        return Reply.empty(201, {"location": self_url(request, f"servers/{server.id}/tags/{tag}")})

    return backend.database.write(change)


def replace(request: Request, backend: Backend) -> Reply:
    """PUT /servers/{server_id}/tags."""
    tags = request.json()["tags"]

    def change(tx: Transaction) -> Reply:
        return Reply.json({"tags": operations.replace(tx, server_of(request, tx), tags)})

    return backend.database.write(change)


def delete(request: Request, backend: Backend) -> Reply:
    """DELETE /servers/{server_id}/tags/{tag}."""

    def change(tx: Transaction) -> None:
        operations.remove(tx, server_of(request, tx), request.params["tag"])

    backend.database.write(change)
    return Reply.empty(204)


def clear(request: Request, backend: Backend) -> Reply:
    """DELETE /servers/{server_id}/tags."""

    def change(tx: Transaction) -> None:
        operations.clear(tx, server_of(request, tx))

    backend.database.write(change)
    return Reply.empty(204)
