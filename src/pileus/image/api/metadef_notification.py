"""What others are told of metadata definitions: event types and payloads, in the original's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pileus.image.backend import Backend
from pileus.image.model.metadef import Association, Namespace, Object, Part, Property, Tag
from pileus.image.notification import NOT_DELETED, of_deleted
from pileus.kit.clock import isoformat

_KINDS: Mapping[type[Part], str] = {
    Association: "metadef_resource_type",
    Object: "metadef_object",
    Property: "metadef_property",
    Tag: "metadef_tag",
}
_OF_PROPERTY = (
    "type",
    "title",
    "description",
    "default",
    "minimum",
    "maximum",
    "enum",
    "pattern",
    "minLength",
    "maxLength",
    "confidential",
    "items",
    "uniqueItems",
    "minItems",
    "maxItems",
    "additionalItems",
)


def tell_namespace(backend: Backend, namespace: Namespace, what: str, *, old_name: str | None = None) -> None:
    """Tell what happened to a namespace: `create`, `update`, `delete`, or all objects, properties or tags deleted."""
    payload = {
        "namespace": namespace.namespace,
        "namespace_old": old_name or namespace.namespace,
        "display_name": namespace.display_name,
        "protected": namespace.protected,
        "visibility": namespace.visibility,
        "owner": namespace.owner,
        "description": namespace.description,
        **_moments(namespace),
        **NOT_DELETED,
    }
    if what == "delete":
        payload = of_deleted(payload, backend.clock.now())
    backend.tell(f"metadef_namespace.{what}", payload)


def tell_added(backend: Backend, namespace: str, parts: Iterable[Part]) -> None:
    """Tell what a namespace holds besides what it held."""
    for part in parts:
        backend.tell(f"{_KINDS[type(part)]}.create", _of_part(namespace, part))


def tell_changed(backend: Backend, namespace: str, part: Part, old_name: str) -> None:
    """Tell that something in a namespace has other values, and perhaps another name."""
    backend.tell(f"{_KINDS[type(part)]}.update", _of_part(namespace, part) | {"name_old": old_name})


def tell_removed(backend: Backend, namespace: str, part: Part) -> None:
    """Tell that a namespace holds something no more."""
    backend.tell(f"{_KINDS[type(part)]}.delete", of_deleted(_of_part(namespace, part), backend.clock.now()))


def _of_part(namespace: str, part: Part) -> dict[str, Any]:
    names = {"namespace": namespace, "name": part.name, "name_old": part.name}
    return {**names, **_values(part), **_moments(part), **NOT_DELETED}


def _values(part: Part) -> dict[str, Any]:
    """Return what only parts of this kind have."""
    if isinstance(part, Property):
        return _of_document(part.document)
    if isinstance(part, Association):
        return {"prefix": part.prefix, "properties_target": part.properties_target}
    if isinstance(part, Object):
        properties = [{"name": name, **_of_document(document)} for name, document in part.properties.items()]
        return {"properties": properties, "required": list(part.required), "description": part.description}
    return {}


def _of_document(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: document.get(name) for name in _OF_PROPERTY}


def _moments(row: Namespace | Part) -> dict[str, str]:
    return {"created_at": isoformat(row.created_at), "updated_at": isoformat(row.updated_at)}
