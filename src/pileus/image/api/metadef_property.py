"""Properties of a namespace."""

from __future__ import annotations

from pileus.image.api import metadef_access as access
from pileus.image.api import metadef_view as view
from pileus.image.api.metadef_notification import tell_added, tell_changed, tell_removed
from pileus.image.api.metadef_schema import body
from pileus.image.backend import Backend
from pileus.image.db import metadef_part as parts
from pileus.image.db.metadef_part import ASSOCIATION, PROPERTY
from pileus.image.model.metadef import Namespace
from pileus.image.model.metadef_document import read_property
from pileus.image.model.metadef_errors import PrefixMissing
from pileus.image.operations import metadef_part as operation
from pileus.kit.db import Transaction
from pileus.kit.http.message import Reply, Request


def create(request: Request, backend: Backend) -> Reply:
    """Add a property."""
    document = body(request, "property")
    new = read_property(document["name"], document, backend.clock.now())
    namespace = access.require(request, backend).namespace
    backend.database.write(operation.add, PROPERTY, namespace, new)
    tell_added(backend, namespace, [new])
    return Reply.json(view.property_(new), 201)


def index(request: Request, backend: Backend) -> Reply:
    """List all properties by their names."""
    with backend.database.read() as tx:
        namespace = access.get(request, tx)
        found = parts.list_by_namespace(tx, PROPERTY, [namespace])[namespace.id]
    return Reply.json({"properties": {each.name: view.property_(each) for each in found}})


def show(request: Request, backend: Backend) -> Reply:
    """Show one property; with `resource_type` it is asked for by the name that it has on such a resource."""
    with backend.database.read() as tx:
        namespace = access.get(request, tx)
        found = parts.get(tx, PROPERTY, namespace, _name(request, tx, namespace))
    return Reply.json(view.property_(found))


def update(request: Request, backend: Backend) -> Reply:
    """Give a property other values; what the body leaves out is gone."""
    document = body(request, "property")
    new = read_property(document["name"], document, backend.clock.now())
    namespace = access.require(request, backend).namespace
    name = request.params["property_name"]
    changed = backend.database.write(operation.change, PROPERTY, namespace, name, new)
    tell_changed(backend, namespace, changed, name)
    return Reply.json(view.property_(changed))


def delete(request: Request, backend: Backend) -> Reply:
    """Remove a property."""
    namespace = access.require(request, backend).namespace
    gone = backend.database.write(operation.remove, PROPERTY, namespace, request.params["property_name"])
    tell_removed(backend, namespace, gone)
    return Reply.empty()


def _name(request: Request, tx: Transaction, namespace: Namespace) -> str:
    """Return the property's name without the prefix of its resource type. Raises PartNotFound, PrefixMissing."""
    name, resource_type = request.params["property_name"], request.query.get("resource_type")
    if not resource_type:
        return name
    request.require(access.target(namespace), "get_metadef_resource_type")
    prefix = parts.get(tx, ASSOCIATION, namespace, resource_type).prefix
    if not prefix or not name.startswith(prefix):
        raise PrefixMissing(name=name, prefix=prefix or "", resource_type=resource_type)
    return name.removeprefix(prefix)
