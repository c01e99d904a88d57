"""The shape of images as they cross the wire: what checks bodies against it, and what clients read at /v2/schemas.

An operator may say more of some properties in a file of the original's form, `schema-image.json`: a table of
properties, or `{"properties": {…}, "required": […]}`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from pileus.image.model.image import CONTAINER_FORMATS, DISK_FORMATS, NAME_LENGTH, VISIBILITIES
from pileus.image.model.status import STATUSES
from pileus.kit.errors import Invalid
from pileus.kit.schema import Schema

Document = dict[str, Any]

UUID_PATTERN = "^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$"


class SchemaMismatch(Invalid):
    """A body does not fit its schema."""

    message = "Provided object does not match schema '{schema}': {sentence}{where}"


class SchemaFileInvalid(Invalid):
    """The operator's schema of images cannot be used."""

    message = "The schema file {file} is not valid: {reason}"


def text(description: str, **more: Any) -> Document:
    """Return the schema of a string."""
    return {"type": "string", "description": description, **more}


def _optional(kind: str, description: str, **more: Any) -> Document:
    return {"type": ["null", kind], "description": description, **more}


def read_only(document: Document) -> Document:
    """Return the schema of what only the service sets."""
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
    "id": text("The image's id", pattern=UUID_PATTERN),
    "name": _optional("string", "A name for people", maxLength=NAME_LENGTH),
    "status": read_only(text("The state of the image", enum=list(STATUSES))),
    "visibility": text("Who may see the image", enum=list(VISIBILITIES)),
    "protected": {"type": "boolean", "description": "Whether the image is guarded against deletion"},
    "os_hidden": {"type": "boolean", "description": "Whether the image is left out of the usual list"},
    "checksum": read_only(_optional("string", "MD5 of the data", maxLength=32)),
    "os_hash_algo": read_only(_optional("string", "Algorithm of os_hash_value", maxLength=64)),
    "os_hash_value": read_only(_optional("string", "Hash of the data, hexadecimal", maxLength=128)),
    "owner": _optional("string", "The project that owns the image", maxLength=255),
    "size": read_only(_optional("integer", "Size of the data in bytes")),
    "virtual_size": read_only(_optional("integer", "Size in bytes of the disk that the data makes")),
    "container_format": _optional("string", "What wraps the disk", enum=[None, *CONTAINER_FORMATS]),
    "disk_format": _optional("string", "Format of the disk", enum=[None, *DISK_FORMATS]),
    "created_at": read_only(text("When the image was made")),
    "updated_at": read_only(text("When the image was last changed")),
    "tags": {
        "type": "array",
        "description": "Words to find the image by",
        "items": {"type": "string", "maxLength": 255},
    },
    "direct_url": read_only(text("Where the data lies in its store")),
    "min_ram": {"type": "integer", "description": "Memory in MB that a guest needs", "maximum": 2**31 - 1},
    "min_disk": {"type": "integer", "description": "Disk in GB that a guest needs", "maximum": 2**31 - 1},
    "self": read_only(text("Path of the image")),
    "file": read_only(text("Path of the data")),
    "stores": read_only(text("The stores that hold the data, separated by commas")),
    "schema": read_only(text("Path of the schema of an image")),
    "locations": {"type": "array", "description": "Where the data lies", "items": _LOCATION},
}

_LINKS = [
    {"rel": "self", "href": "{self}"},
    {"rel": "enclosure", "href": "{file}"},
    {"rel": "describedby", "href": "{schema}"},
]


class ImageSchema:
    """What an image may look like in this cloud."""

    def __init__(self, properties: Document | None = None, required: Sequence[str] = ()) -> None:
        self._required = frozenset(required)
        of_operator = {name: {**each, "is_base": False} for name, each in (properties or {}).items()}
        self._part: Document = {
            "name": "image",
            "properties": {**IMAGE_PROPERTIES, **of_operator},
            "additionalProperties": {"type": "string"},
            "links": _LINKS,
        }
        self.document: Document = {**self._part, "required": list(required)} if required else self._part
        self._of_whole = Schema({**self.document, "type": "object"})
        self._of_part = Schema({**self._part, "type": "object"})

    def require_image(self, body: Any) -> None:
        """Raise SchemaMismatch unless `body` describes an image."""
        _require(self._of_whole, body)

    def require_removable(self, name: str) -> None:
        """Raise SchemaMismatch if every image must have the property."""
        if name in self._required:
            raise SchemaMismatch(schema="image", sentence=f"'{name}' is a required property", where="")

    def require_part(self, body: Any) -> None:
        """Raise SchemaMismatch unless `body` describes an image in part."""
        _require(self._of_part, body)


def _require(schema: Schema, body: Any) -> None:
    mismatch = schema.mismatch(body)
    if mismatch is not None:
        where = "".join(f" (in '{part}')" for part in mismatch.path[:1])
        raise SchemaMismatch(schema="image", sentence=mismatch.sentence, where=where)


def read(file: Path) -> ImageSchema:
    """Return the schema with what the operator's file adds. Raises SchemaFileInvalid."""
    try:
        found = msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.MsgspecError) as error:
        raise SchemaFileInvalid(file=file, reason=error) from None
    properties = found.get("properties", {}) if "properties" in found else found
    required = found.get("required") or [] if "properties" in found else []
    for name, each in properties.items():
        if name in IMAGE_PROPERTIES:
            raise SchemaFileInvalid(file=file, reason=f"'{name}' is what every image has")
        if not isinstance(each, dict) or each.get("type", "string") not in ("string", ["null", "string"]):
            raise SchemaFileInvalid(file=file, reason=f"'{name}' is no string, as all properties are")
    try:
        return ImageSchema(properties, required)
    except ValueError as error:
        raise SchemaFileInvalid(file=file, reason=error) from None
