"""The wire shape of images and members, as clients may read it, and what checks bodies against it."""

from __future__ import annotations

from typing import Any

from pileus.image.backend import Backend
from pileus.image.model.image import CONTAINER_FORMATS, DISK_FORMATS, NAME_LENGTH, VISIBILITIES
from pileus.image.model.status import STATUSES
from pileus.kit.errors import Invalid, NotFound
from pileus.kit.http.message import Reply, Request
from pileus.kit.schema import Schema

Document = dict[str, Any]

UUID_PATTERN = "^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$"


class SchemaMismatch(Invalid):
    """A body does not fit its schema."""

    message = "Provided object does not match schema '{schema}': {sentence}{where}"


def _text(description: str, **more: Any) -> Document:
    return {"type": "string", "description": description, **more}


def _optional(kind: str, description: str, **more: Any) -> Document:
    return {"type": ["null", kind], "description": description, **more}


def _read_only(document: Document) -> Document:
    return {**document, "readOnly": True}


_LOCATION: Document = {
    "type": "object",
    "properties": {
        "url": {"type": "string", "maxLength": 255},
        "metadata": {"type": "object"},
        "validation_data": {
            "type": "object",
            "writeOnly": True,
            "additionalProperties": False,
            "properties": {
                "checksum": {"type": "string", "minLength": 32, "maxLength": 32},
                "os_hash_algo": {"type": "string", "maxLength": 64},
                "os_hash_value": {"type": "string", "maxLength": 128},
            },
            "required": ["os_hash_algo", "os_hash_value"],
        },
    },
    "required": ["url", "metadata"],
}

IMAGE_PROPERTIES: Document = {
    "id": _text("The image's id", pattern=UUID_PATTERN),
    "name": _optional("string", "A name for people", maxLength=NAME_LENGTH),
    "status": _read_only(_text("The state of the image", enum=list(STATUSES))),
    "visibility": _text("Who may see the image", enum=list(VISIBILITIES)),
    "protected": {"type": "boolean", "description": "Whether the image is guarded against deletion"},
    "os_hidden": {"type": "boolean", "description": "Whether the image is left out of the usual list"},
    "checksum": _read_only(_optional("string", "MD5 of the data", maxLength=32)),
    "os_hash_algo": _read_only(_optional("string", "Algorithm of os_hash_value", maxLength=64)),
    "os_hash_value": _read_only(_optional("string", "Hash of the data, hexadecimal", maxLength=128)),
    "owner": _optional("string", "The project that owns the image", maxLength=255),
    "size": _read_only(_optional("integer", "Size of the data in bytes")),
    "virtual_size": _read_only(_optional("integer", "Size in bytes of the disk that the data makes")),
    "container_format": _optional("string", "What wraps the disk", enum=[None, *CONTAINER_FORMATS]),
    "disk_format": _optional("string", "Format of the disk", enum=[None, *DISK_FORMATS]),
    "created_at": _read_only(_text("When the image was made")),
    "updated_at": _read_only(_text("When the image was last changed")),
    "tags": {
        "type": "array",
        "description": "Words to find the image by",
        "items": {"type": "string", "maxLength": 255},
    },
    "direct_url": _read_only(_text("Where the data lies in its store")),
    "min_ram": {"type": "integer", "description": "Memory in MB that a guest needs", "maximum": 2**31 - 1},
    "min_disk": {"type": "integer", "description": "Disk in GB that a guest needs", "maximum": 2**31 - 1},
    "self": _read_only(_text("Path of the image")),
    "file": _read_only(_text("Path of the data")),
    "stores": _read_only(_text("The stores that hold the data, separated by commas")),
    "schema": _read_only(_text("Path of the schema of an image")),
    "locations": {"type": "array", "description": "Where the data lies", "items": _LOCATION},
}

IMAGE: Document = {
    "name": "image",
    "properties": IMAGE_PROPERTIES,
    "additionalProperties": {"type": "string"},
    "links": [
        {"rel": "self", "href": "{self}"},
        {"rel": "enclosure", "href": "{file}"},
        {"rel": "describedby", "href": "{schema}"},
    ],
}

MEMBER: Document = {
    "name": "member",
    "properties": {
        "member_id": _text("The project that the image is shared with"),
        "image_id": _text("The image", pattern=UUID_PATTERN),
        "created_at": _text("When the image was shared"),
        "updated_at": _text("When the membership last changed"),
        "status": _text("What the project thinks of it", enum=["pending", "accepted", "rejected"]),
        "schema": _read_only({"type": "string"}),
    },
}

_LINK: Document = {"type": "string"}


def _pages(name: str, item: Document) -> Document:
    return {
        "name": name,
        "properties": {name: {"type": "array", "items": item}, "first": _LINK, "next": _LINK, "schema": _LINK},
        "links": [
            {"rel": "first", "href": "{first}"},
            {"rel": "next", "href": "{next}"},
            {"rel": "describedby", "href": "{schema}"},
        ],
    }


def _collection(name: str, item: Document) -> Document:
    return {
        "name": name,
        "properties": {name: {"type": "array", "items": item}, "schema": _LINK},
        "links": [{"rel": "describedby", "href": "{schema}"}],
    }


DOCUMENTS: dict[str, Document] = {
    "image": IMAGE,
    "images": _pages("images", IMAGE),
    "member": MEMBER,
    "members": _collection("members", MEMBER),
}

_IMAGE_SCHEMA = Schema({**IMAGE, "type": "object"})


def require_image(body: Any) -> None:
    """Raise SchemaMismatch unless `body` is an image, or a part of one."""
    mismatch = _IMAGE_SCHEMA.mismatch(body)
    if mismatch is not None:
        where = "".join(f" (in '{part}')" for part in mismatch.path[:1])
        raise SchemaMismatch(schema="image", sentence=mismatch.sentence, where=where)


def show(request: Request, _backend: Backend) -> Reply:
    """Show one schema."""
    document = DOCUMENTS.get(request.params["name"])
    if document is None:
        raise NotFound("The resource could not be found.")
    return Reply.json(document)
