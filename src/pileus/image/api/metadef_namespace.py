"""Namespaces of metadata definitions."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from pileus.image.api import metadef_access as access
from pileus.image.api import metadef_query as query
from pileus.image.api import metadef_view as view
from pileus.image.api.metadef_notification import tell_added, tell_namespace
from pileus.image.api.metadef_schema import body
from pileus.image.backend import Backend
from pileus.image.db import metadef_namespace as namespaces
from pileus.image.db import metadef_part as parts
from pileus.image.db.metadef_part import Kind, P
from pileus.image.model.metadef import NOBODY, Definition
from pileus.image.model.metadef_document import read, read_namespace
from pileus.image.operations import metadef_namespace as operation
from pileus.image.operations import metadef_part as part_operation
from pileus.kit.http.message import Reply, Request
from pileus.kit.http.page import with_marker

_RULES_OF_LISTING = ("get_metadef_namespaces", "list_metadef_resource_types")
_RULES_OF_SHOWING = (
    "list_metadef_resource_types",
    "get_metadef_objects",
    "get_metadef_properties",
    "get_metadef_tags",
)
_RULES_OF_HOLDING = {
    "resource_type_associations": "add_metadef_resource_type_association",
    "objects": "add_metadef_object",
    "properties": "add_metadef_property",
    "tags": "add_metadef_tag",
}


def create(request: Request, backend: Backend) -> Reply:
    """Add a namespace, with all that it shall hold."""
    document = body(request, "namespace")
    own = access.own_target(request)
    request.require(own)
    for kind, rule in _RULES_OF_HOLDING.items():
        if document.get(kind):
            request.require(own, rule)
    definition = read(document, _owner(request), backend.clock.now())
    backend.database.write(operation.create, definition)
    tell_namespace(backend, definition.namespace, "create")
    tell_added(backend, definition.namespace.namespace, definition.parts)
    headers = {"location": request.base_url + view.path(definition.namespace.namespace)}
    return Reply.json(view.definition(definition), 201, headers)


def index(request: Request, backend: Backend) -> Reply:
    """List the namespaces that the caller may see, a page at a time, each with the resource types it is meant for."""
    for rule in _RULES_OF_LISTING:
        request.require(access.own_target(request), rule)
    wanted, page = query.namespace_filter(request), query.namespace_page(request)
    with backend.database.read() as tx:
        found = namespaces.list_namespaces(tx, access.viewer(request), wanted, page)
        associations = parts.list_by_namespace(tx, parts.ASSOCIATION, found)
    shown = [
        view.definition(Definition(namespace=each, associations=tuple(associations[each.id])))
        for each in found
        if access.may(request, each, access.SEEING)
    ]
    document: dict[str, Any] = {
        "namespaces": shown,
        "first": _first_page(request),
        "schema": "/v2/schemas/metadefs/namespaces",
    }
    if found and len(found) == page.limit:
        document["next"] = with_marker(request, found[-1].namespace)
    return Reply.json(document)


def show(request: Request, backend: Backend) -> Reply:
    """Show a namespace with all that it holds; `resource_type` has properties called as they are on such a resource."""
    with backend.database.read() as tx:
        namespace = access.get(request, tx)
        for rule in _RULES_OF_SHOWING:
            request.require(access.target(namespace), rule)
        [definition] = parts.with_parts(tx, [namespace])
    resource_type = request.query.get("resource_type")
    prefixes = {each.name: each.prefix or "" for each in definition.associations}
    return Reply.json(view.definition(definition, prefixes.get(resource_type or "", "")))


def update(request: Request, backend: Backend) -> Reply:
    """Give a namespace other values; what the body leaves out becomes what it is in a new one."""
    document = body(request, "namespace")
    access.require(request, backend)
    new = read_namespace(document, _owner(request), backend.clock.now())
    name = request.params["namespace"]
    changed = backend.database.write(operation.update, name, new)
    tell_namespace(backend, changed, "update", old_name=name)
    return Reply.json(view.namespace(changed))


def delete(request: Request, backend: Backend) -> Reply:
    """Remove a namespace and all that it holds."""
    namespace = access.require(request, backend)
    backend.database.write(operation.delete, namespace.namespace)
    tell_namespace(backend, namespace, "delete")
    return Reply.empty()


def delete_objects(request: Request, backend: Backend) -> Reply:
    """Remove all objects of a namespace."""
    return _empty(request, backend, parts.OBJECT, "delete_objects")


def delete_properties(request: Request, backend: Backend) -> Reply:
    """Remove all properties of a namespace."""
    return _empty(request, backend, parts.PROPERTY, "delete_properties")


def delete_tags(request: Request, backend: Backend) -> Reply:
    """Remove all tags of a namespace."""
    return _empty(request, backend, parts.TAG, "delete_tags", "delete_metadef_tags")


def _empty(request: Request, backend: Backend, kind: Kind[P], what: str, *more_rules: str) -> Reply:
    namespace = access.require(request, backend)
    for rule in more_rules:
        request.require(access.target(namespace), rule)
    backend.database.write(part_operation.remove_all, kind, namespace.namespace)
    tell_namespace(backend, namespace, what)
    return Reply.empty()


def _owner(request: Request) -> str:
    return request.context.project_id or NOBODY


def _first_page(request: Request) -> str:
    pairs = [pair for pair in request.query.pairs() if pair[0] != "marker"]
    return f"{request.path}?{urlencode(pairs)}" if pairs else request.path
