"""Bodies about key pairs."""

from __future__ import annotations

from typing import Any

from pileus.compute.api import versions as v
from pileus.compute.api.schema import parts
from pileus.kit.schema import DatedSchema, Schema, obj


def _name(pattern: str) -> dict[str, Any]:
    return {"allOf": [parts.NAME, {"pattern": pattern}]}


_TYPE = {"type": {"type": "string", "enum": ["ssh", "x509"]}}
_USER = {"user_id": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[a-zA-Z0-9-]*$"}}
_FIRST = {"name": _name(r"^[_\- a-zA-Z0-9]+$"), "public_key": {"type": "string"}}
_LAST = {**_FIRST, **_TYPE, **_USER, "name": _name(r"^[_\-@. a-zA-Z0-9]+$")}


def _create(properties: dict[str, Any], *required: str) -> Schema:
    return Schema(parts.wrapped("keypair", obj(properties, required)))


CREATE = DatedSchema(
    (None, _create(_FIRST, "name")),
    (v.KEYPAIR_TYPES, _create({**_FIRST, **_TYPE}, "name")),
    (v.KEYPAIR_USER, _create({**_FIRST, **_TYPE, **_USER}, "name")),
    (v.KEYPAIR_IMPORT_ONLY, _create(_LAST, "public_key", "name")),
)
