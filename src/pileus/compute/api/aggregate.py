"""Aggregates of hosts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec

from pileus.compute.api import parse
from pileus.compute.api import versions as v
from pileus.compute.api.action import ActionRow, dispatcher
from pileus.compute.api.schema import aggregate as schema
from pileus.compute.backend import Backend
from pileus.compute.db import aggregate as rows
from pileus.compute.model.aggregate import ZONE_KEY, Aggregate
from pileus.compute.operations import aggregate as operations
from pileus.compute.operations import image_cache
from pileus.compute.operations.aggregate_mirror import mirror
from pileus.kit.db import Transaction
from pileus.kit.errors import Invalid
from pileus.kit.http.message import Reply, Request

P = ParamSpec("P")


def list_all(request: Request, backend: Backend) -> Reply:
    """GET /os-aggregates."""
    with backend.database.read() as tx:
        return Reply.json({"aggregates": [_view(request, aggregate) for aggregate in rows.list_all(tx)]})


def show(request: Request, backend: Backend) -> Reply:
    """GET /os-aggregates/{aggregate_id}."""
    with backend.database.read() as tx:
        return _reply(request, rows.get(tx, _number(request)))


def create(request: Request, backend: Backend) -> Reply:
    """POST /os-aggregates."""
    asked, now = request.json()["aggregate"], backend.clock.now()
    made = backend.database.write(operations.create, asked["name"], asked.get("availability_zone"), now)
    document = _view(request, made)
    del document["hosts"], document["metadata"]  # a new one's document has always lacked them
    return Reply.json({"aggregate": document})


def update(request: Request, backend: Backend) -> Reply:
    """PUT /os-aggregates/{aggregate_id}."""
    asked = request.json()["aggregate"]
    zone = {ZONE_KEY: asked[ZONE_KEY]} if ZONE_KEY in asked else {}
    return _write(request, backend, operations.update, _number(request), asked.get("name"), zone, backend.clock.now())


def delete(request: Request, backend: Backend) -> Reply:
    """DELETE /os-aggregates/{aggregate_id}."""
    backend.database.write(operations.delete, _number(request))
    return Reply.empty(200)


def cache_images(request: Request, backend: Backend) -> Reply:
    """POST /os-aggregates/{aggregate_id}/images."""
    image_ids = [image["id"] for image in request.json()["cache"]]
    if len(set(image_ids)) < len(image_ids):
        raise Invalid("Duplicate images in request")
    image_cache.cache(backend, _number(request), image_ids, request.context.token)
    return Reply.empty(202)


def add_host(request: Request, backend: Backend, value: Any) -> Reply:
    """add_host."""
    return _mirrored(request, backend, operations.add_host, value["host"])


def remove_host(request: Request, backend: Backend, value: Any) -> Reply:
    """remove_host."""
    return _mirrored(request, backend, operations.remove_host, value["host"])


def set_metadata(request: Request, backend: Backend, value: Any) -> Reply:
    """set_metadata."""
    return _write(request, backend, operations.set_metadata, _number(request), value["metadata"])


def _row(name: str, handler: Any, body: Any) -> ActionRow:
    return ActionRow(
        name=name, handler=handler, rule=f"os_compute_api:os-aggregates:{name}", body=body, is_on_caller=True
    )


ACTIONS = (
    _row("add_host", add_host, schema.ADD_HOST),
    _row("remove_host", remove_host, schema.REMOVE_HOST),
    _row("set_metadata", set_metadata, schema.SET_METADATA),
)

run = dispatcher(ACTIONS)


def _write(
    request: Request,
    backend: Backend,
    verb: Callable[Concatenate[Transaction, P], Aggregate],
    *args: P.args,
    **kwargs: P.kwargs,
) -> Reply:
    return _reply(request, backend.database.write(verb, *args, **kwargs))


def _mirrored(
    request: Request, backend: Backend, verb: Callable[[Transaction, int, str], Aggregate], host: str
) -> Reply:
    """Change which hosts are in an aggregate, and tell placement."""
    reply = _write(request, backend, verb, _number(request), host)
    mirror(backend, host)
    return reply


def _reply(request: Request, aggregate: Aggregate) -> Reply:
    return Reply.json({"aggregate": _view(request, aggregate)})


def _number(request: Request) -> int:
    text = request.params["aggregate_id"]
    if not parse.is_whole(text.removeprefix("-")):
        raise Invalid("Invalid input received: id must be an integer")
    return int(text)


def _view(request: Request, aggregate: Aggregate) -> dict[str, Any]:
    updated_at = aggregate.updated_at
    document = {
        "id": aggregate.number,
        "name": aggregate.name,
        "availability_zone": aggregate.zone,
        "hosts": list(aggregate.hosts),
        "metadata": dict(aggregate.metadata),
        "created_at": aggregate.created_at.strftime("%Y-%m-%dT%H:%M:%S.%f"),
        "updated_at": None if updated_at is None else updated_at.strftime("%Y-%m-%dT%H:%M:%S.%f"),
        "deleted": False,
        "deleted_at": None,
    }
    return {**document, "uuid": aggregate.uuid} if request.since(v.AGGREGATE_UUID) else document
