"""Objects: groups of properties in a namespace."""

from __future__ import annotations

from pileus.image.api import metadef_access as access
from pileus.image.api import metadef_query as query
from pileus.image.api import metadef_view as view
from pileus.image.api.metadef_notification import tell_added, tell_changed, tell_removed
from pileus.image.api.metadef_schema import body
from pileus.image.backend import Backend
from pileus.image.db import metadef_part as parts
from pileus.image.db.metadef_part import OBJECT
from pileus.image.model.metadef_document import read_object
from pileus.image.operations import metadef_part as operation
from pileus.kit.http.message import Reply, Request


def create(request: Request, backend: Backend) -> Reply:
    """Add an object."""
    new = read_object(body(request, "object"), backend.clock.now())
    namespace = access.require(request, backend).namespace
    backend.database.write(operation.add, OBJECT, namespace, new)
    tell_added(backend, namespace, [new])
    return Reply.json(view.object_(namespace, new), 201)


def index(request: Request, backend: Backend) -> Reply:
    """List objects; `limit`, `marker` (a name), `sort_key` and `sort_dir` as for namespaces."""
    page = query.part_page(request)
    with backend.database.read() as tx:
        namespace = access.get(request, tx)
        found = parts.list_parts(tx, OBJECT, namespace, page)
    may_see = access.may(request, namespace, "get_metadef_object")
    shown = [view.object_(namespace.namespace, each) for each in found if may_see]
    return Reply.json({"objects": shown, "schema": "/v2/schemas/metadefs/objects"})


def show(request: Request, backend: Backend) -> Reply:
    """Show one object."""
    with backend.database.read() as tx:
        namespace = access.get(request, tx)
        found = parts.get(tx, OBJECT, namespace, request.params["object_name"])
    return Reply.json(view.object_(namespace.namespace, found))


def update(request: Request, backend: Backend) -> Reply:
    """Give an object other values; what the body leaves out is gone."""
    new = read_object(body(request, "object"), backend.clock.now())
    namespace = access.require(request, backend).namespace
    name = request.params["object_name"]
    changed = backend.database.write(operation.change, OBJECT, namespace, name, new)
    tell_changed(backend, namespace, changed, name)
    return Reply.json(view.object_(namespace, changed))


def delete(request: Request, backend: Backend) -> Reply:
    """Remove an object."""
    namespace = access.require(request, backend).namespace
    gone = backend.database.write(operation.remove, OBJECT, namespace, request.params["object_name"])
    tell_removed(backend, namespace, gone)
    return Reply.empty()
