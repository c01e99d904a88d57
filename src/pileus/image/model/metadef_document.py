"""Metadata definitions as documents, on the wire and in files alike."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pileus.image.model.metadef import (
    PRIVATE,
    Association,
    Definition,
    Document,
    Namespace,
    Object,
    Part,
    Property,
    Tag,
)


def read(document: Document, owner: str, now: datetime) -> Definition:
    """Return what a document describes; `owner` is whose it is if it does not say so itself."""
    return Definition(
        namespace=read_namespace(document, owner, now),
        associations=tuple(read_association(each, now) for each in document.get("resource_type_associations", ())),
        properties=tuple(read_property(name, each, now) for name, each in document.get("properties", {}).items()),
        objects=tuple(read_object(each, now) for each in document.get("objects", ())),
        tags=tuple(read_tag(each, now) for each in document.get("tags", ())),
    )


def read_namespace(document: Document, owner: str, now: datetime) -> Namespace:
    """Return the namespace that a document describes, without what it holds."""
    return Namespace(
        namespace=document["namespace"],
        display_name=document.get("display_name"),
        description=document.get("description"),
        visibility=document.get("visibility", PRIVATE),
        protected=document.get("protected", False),
        owner=document.get("owner", owner),
        created_at=now,
        updated_at=now,
    )


def read_association(document: Document, now: datetime) -> Association:
    """Return an association."""
    return Association(
        name=document["name"],
        prefix=document.get("prefix"),
        properties_target=document.get("properties_target"),
        created_at=now,
        updated_at=now,
    )


def read_property(name: str, document: Document, now: datetime) -> Property:
    """Return a property; its document need not repeat the name."""
    values = {key: value for key, value in document.items() if key != "name"}
    return Property(name=name, document=values, created_at=now, updated_at=now)


def read_object(document: Document, now: datetime) -> Object:
    """Return an object."""
    return Object(
        name=document["name"],
        description=document.get("description"),
        required=tuple(document.get("required", ())),
        properties=document.get("properties", {}),
        created_at=now,
        updated_at=now,
    )


def read_tag(document: Document, now: datetime) -> Tag:
    """Return a tag."""
    return Tag(name=document["name"], created_at=now, updated_at=now)


def write(definition: Definition) -> dict[str, Any]:
    """Return a definition as a document; what it does not say or hold is left out."""
    document = write_namespace(definition.namespace)
    if definition.associations:
        document["resource_type_associations"] = [write_part(each) for each in definition.associations]
    if definition.properties:
        document["properties"] = {each.name: dict(each.document) for each in definition.properties}
    if definition.objects:
        document["objects"] = [write_part(each) for each in definition.objects]
    if definition.tags:
        document["tags"] = [write_part(each) for each in definition.tags]
    return document


def write_namespace(namespace: Namespace) -> dict[str, Any]:
    """Return a namespace without what it holds."""
    names = ("namespace", "display_name", "description", "visibility", "protected", "owner")
    return _said({name: getattr(namespace, name) for name in names})


def write_part(part: Part) -> dict[str, Any]:
    """Return one thing that a namespace holds."""
    document: dict[str, Any] = {"name": part.name}
    match part:
        case Property():
            document |= part.document
        case Object():
            document["description"] = part.description
            document["required"] = list(part.required) or None
            document["properties"] = {name: dict(each) for name, each in part.properties.items()}
        case Association():
            document |= {"prefix": part.prefix, "properties_target": part.properties_target}
    return _said(document)


def _said(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if value is not None}
