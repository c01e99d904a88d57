"""Types of resources, and the namespaces that are meant for them."""

from __future__ import annotations

from pileus.image.api import metadef_access as access
from pileus.image.api import metadef_view as view
from pileus.image.api.metadef_notification import tell_added, tell_removed
from pileus.image.api.metadef_schema import body
from pileus.image.backend import Backend
from pileus.image.db import metadef_part as parts
from pileus.image.db import metadef_resource_type as resource_types
from pileus.image.db.metadef_part import ASSOCIATION
from pileus.image.model.metadef_document import read_association
from pileus.image.operations import metadef_part as operation
from pileus.kit.http.message import Reply, Request


def index(_request: Request, backend: Backend) -> Reply:
    """List all types of resources that namespaces were ever meant for."""
    with backend.database.read() as tx:
        found = resource_types.list_resource_types(tx)
    return Reply.json({"resource_types": [view.resource_type(each) for each in found]})


def list_associations(request: Request, backend: Backend) -> Reply:
    """List the types of resources that one namespace is meant for."""
    with backend.database.read() as tx:
        namespace = access.get(request, tx)
        found = parts.list_by_namespace(tx, ASSOCIATION, [namespace])[namespace.id]
    may_see = access.may(request, namespace, "get_metadef_resource_type")
    return Reply.json({"resource_type_associations": [view.association(each) for each in found if may_see]})


def associate(request: Request, backend: Backend) -> Reply:
    """Mean a namespace for one more type of resources."""
    new = read_association(body(request, "resource_type"), backend.clock.now())
    namespace = access.require(request, backend).namespace
    backend.database.write(operation.associate, namespace, new)
    tell_added(backend, namespace, [new])
    return Reply.json(view.association(new), 201)


def dissociate(request: Request, backend: Backend) -> Reply:
    """Mean a namespace for a type of resources no longer."""
    namespace = access.require(request, backend).namespace
    gone = backend.database.write(operation.remove, ASSOCIATION, namespace, request.params["resource_type"])
    tell_removed(backend, namespace, gone)
    return Reply.empty()
