"""Bodies about aggregates."""

from __future__ import annotations

from typing import Any

from pileus.compute.api.schema import parts
from pileus.kit.schema import Schema, obj

_ZONE = {"type": ["string", "null"], "minLength": 1, "maxLength": 255, "pattern": "^[^:]+$"}
_HOST = obj({"host": parts.HOSTNAME}, required=["host"])
_METADATA: dict[str, Any] = {
    "type": "object",
    "patternProperties": {"^[a-zA-Z0-9-_:. ]{1,255}$": {"type": ["string", "null"], "maxLength": 255}},
    "additionalProperties": False,
}
_BODY = {"name": parts.NAME, "availability_zone": _ZONE}

CREATE = Schema(parts.wrapped("aggregate", obj(_BODY, required=["name"])))
UPDATE = Schema(parts.wrapped("aggregate", {**obj(_BODY), "minProperties": 1}))
ADD_HOST = Schema(parts.wrapped("add_host", _HOST))
REMOVE_HOST = Schema(parts.wrapped("remove_host", _HOST))
SET_METADATA = Schema(parts.wrapped("set_metadata", obj({"metadata": _METADATA}, required=["metadata"])))
CACHE_IMAGES = Schema(
    obj(
        {"cache": {"type": "array", "minItems": 1, "items": obj({"id": parts.UUID}, required=["id"])}},
        required=["cache"],
    )
)
