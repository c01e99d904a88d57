"""The shape of metadata definitions, on the wire and in files: JSON schemas, which clients may read too."""

from __future__ import annotations

from typing import Any

from pileus.image.model.metadef import VISIBILITIES

Document = dict[str, Any]

_NAME_LENGTH = 80
_TYPES = ["array", "boolean", "integer", "number", "object", "string", None]


def _text(description: str, **more: Any) -> Document:
    return {"type": "string", "description": description, **more}


def _name(description: str) -> Document:
    return _text(description, maxLength=_NAME_LENGTH)


def _moments(what: str) -> Document:
    return {
        name: _text(f"When the {what} was {verb}", readOnly=True, format="date-time")
        for name, verb in (("created_at", "made"), ("updated_at", "last changed"))
    }


_LINK: Document = {"type": "string", "readOnly": True}
_STRINGS: Document = {"$ref": "#/definitions/stringArray"}
_COUNT: Document = {"$ref": "#/definitions/positiveInteger"}
_COUNT_OR_0: Document = {"$ref": "#/definitions/positiveIntegerDefault0"}

_BASIC: Document = {
    "positiveInteger": {"type": "integer", "minimum": 0},
    "positiveIntegerDefault0": {"allOf": [{"$ref": "#/definitions/positiveInteger"}, {"default": 0}]},
    "stringArray": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
}

_PROPERTY: Document = {
    "name": _name("The property's name, without any prefix"),
    "title": _text("A name for people"),
    "description": _text("What the property means"),
    "operators": {
        "type": "array",
        "items": {"type": "string"},
        "description": "How a wanted value may be compared with what there is",
    },
    "type": _text("The type of its values", enum=_TYPES),
    "required": _STRINGS,
    "minimum": {"type": "number"},
    "maximum": {"type": "number"},
    "maxLength": _COUNT,
    "minLength": _COUNT_OR_0,
    "pattern": {"type": "string", "format": "regex"},
    "enum": {"type": "array"},
    "readonly": {"type": "boolean"},
    "confidential": {"type": "boolean"},
    "default": {},
    "items": {
        "type": "object",
        "properties": {"type": {"type": "string", "enum": _TYPES}, "enum": {"type": "array"}},
    },
    "maxItems": _COUNT,
    "minItems": _COUNT_OR_0,
    "uniqueItems": {"type": "boolean", "default": False},
    "additionalItems": {"type": "boolean"},
}

_DEFINITIONS: Document = {
    **_BASIC,
    "property": {
        "type": "object",
        "propertyNames": {"maxLength": _NAME_LENGTH},
        "additionalProperties": {
            "type": "object",
            "required": ["title", "type"],
            "properties": _PROPERTY,
            "additionalProperties": False,
        },
    },
}

_OBJECT: Document = {
    "name": _name("The object's name"),
    "description": _text("What its properties have in common"),
    "required": _STRINGS,
    "properties": {"$ref": "#/definitions/property"},
}

_ASSOCIATION: Document = {
    "name": _name("A type of resources, in Heat's words where it has one"),
    "prefix": _name("What stands before each property that is set on such a resource, with its separator"),
    "properties_target": _name("Which properties of such a resource are meant, if it has several sets of them"),
}

_TAG: Document = {"name": _name("The word")}


def _nested(properties: Document) -> Document:
    """Return the schema of a list in a namespace. It may also hold what a reply shows of each, which says nothing."""
    return {"type": "array", "items": {"type": "object", "required": ["name"], "properties": properties}}


_NAMESPACE: Document = {
    "namespace": _text("The namespace's name", minLength=1, maxLength=_NAME_LENGTH),
    "display_name": _name("A name for people"),
    "description": _text("What the namespace is about", maxLength=500),
    "visibility": _text("Who sees the namespace", enum=list(VISIBILITIES)),
    "protected": {"type": "boolean", "description": "Whether the namespace is guarded against deletion"},
    "owner": _text("The project that owns the namespace", maxLength=255),
    **_moments("namespace"),
    "schema": _LINK,
    "self": _LINK,
    "resource_type_associations": _nested(_ASSOCIATION),
    "properties": {"$ref": "#/definitions/property"},
    "objects": _nested(_OBJECT),
    "tags": _nested(_TAG),
}


def _schema(name: str, properties: Document, required: list[str], definitions: Document | None = None) -> Document:
    document: Document = {"name": name, "properties": properties, "additionalProperties": False, "required": required}
    return document if definitions is None else {**document, "definitions": definitions}


def _collection(name: str, item: Document, *, by_name: bool = False) -> Document:
    """Return the schema of a list of items, or of items by their names."""
    bare = {key: value for key, value in item.items() if key != "definitions"}
    items = {"type": "object", "additionalProperties": bare} if by_name else {"type": "array", "items": bare}
    link = {"type": "string"}
    document: Document = {
        "name": name,
        "properties": {name: items, "first": link, "next": link, "schema": link},
        "links": [
            {"rel": "first", "href": "{first}"},
            {"rel": "next", "href": "{next}"},
            {"rel": "describedby", "href": "{schema}"},
        ],
    }
    return {**document, "definitions": item["definitions"]} if "definitions" in item else document


NAMESPACE = _schema("namespace", _NAMESPACE, ["namespace"], _DEFINITIONS)
OBJECT = _schema("object", {**_OBJECT, "schema": _LINK, "self": _LINK, **_moments("object")}, ["name"], _DEFINITIONS)
PROPERTY = _schema("property", _PROPERTY, ["type", "title", "name"], _BASIC)
TAG = _schema("tag", {**_TAG, **_moments("tag")}, ["name"])
ASSOCIATION = _schema("resource_type_association", {**_ASSOCIATION, **_moments("association")}, ["name"])
TAGS = {
    "name": "tags",
    "properties": {"tags": {**_nested(_TAG), "items": {"type": "object", **_schema("tag", _TAG, ["name"])}}},
    "additionalProperties": False,
}

DOCUMENTS: dict[str, Document] = {
    "namespace": NAMESPACE,
    "namespaces": _collection("namespaces", NAMESPACE),
    "object": OBJECT,
    "objects": _collection("objects", OBJECT),
    "property": PROPERTY,
    "properties": _collection("properties", {**PROPERTY, "required": ["type", "title"]}, by_name=True),
    "tag": TAG,
    "tags": _collection("tags", TAG),
    "resource_type": ASSOCIATION,
    "resource_types": _collection("resource_type_associations", ASSOCIATION),
}
"""What `/v2/schemas/metadefs/{name}` shows."""
