"""Metadata definitions as callers see them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from pileus.image.model.metadef import Association, Definition, Namespace, Object, Part, Property, ResourceType, Tag
from pileus.image.model.metadef_document import write_namespace, write_part
from pileus.kit.clock import isoformat

View = dict[str, Any]


def path(namespace: str, *rest: str) -> str:
    """Return the path of a namespace, or of something in it."""
    return "/".join(("/v2/metadefs/namespaces", *(quote(part, safe=":") for part in (namespace, *rest))))


def namespace(row: Namespace) -> View:
    """Return a namespace without what it holds."""
    links = {"self": path(row.namespace), "schema": "/v2/schemas/metadefs/namespace"}
    return {**write_namespace(row), **_moments(row), **links}


def definition(row: Definition, prefix: str = "") -> View:
    """Return a namespace with what it holds; `prefix` stands before the names of its properties."""
    name = row.namespace.namespace
    held: View = {
        "resource_type_associations": [association(each) for each in row.associations],
        "properties": {prefix + each.name: property_(each) for each in row.properties},
        "objects": [object_(name, each, prefix) for each in row.objects],
        "tags": [word(each) for each in row.tags],
    }
    return {**namespace(row.namespace), **{kind: parts for kind, parts in held.items() if parts}}


def association(row: Association) -> View:
    """Return an association of a namespace with a type of resources."""
    return {**write_part(row), **_moments(row)}


def property_(row: Property) -> View:
    """Return a property."""
    return write_part(row)


def object_(namespace: str, row: Object, prefix: str = "") -> View:
    """Return an object; `prefix` stands before the names of its properties."""
    links = {"self": path(namespace, "objects", row.name), "schema": "/v2/schemas/metadefs/object"}
    shown = {**write_part(row), **_moments(row), **links}
    shown["properties"] = {prefix + name: document for name, document in row.properties.items()}
    if row.required:
        shown["required"] = [prefix + name for name in row.required]
    return shown


def tag(row: Tag) -> View:
    """Return a tag."""
    return {**write_part(row), **_moments(row)}


def word(row: Tag) -> View:
    """Return a tag as it stands in a list."""
    return write_part(row)


def resource_type(row: ResourceType) -> View:
    """Return a type of resources."""
    return {"name": row.name, **_moments(row)}


def _moments(row: Namespace | Part | ResourceType) -> View:
    return {"created_at": isoformat(row.created_at), "updated_at": isoformat(row.updated_at)}
