"""Bodies about services."""

from __future__ import annotations

from pileus.compute.api.schema import parts
from pileus.kit.schema import Schema, obj

_WHICH = {"host": {"type": "string", "minLength": 1, "maxLength": 255}, "binary": parts.NAME}

ENABLE = Schema(obj(_WHICH, required=["host", "binary"]))
DISABLE_FOR = Schema(
    obj(
        {**_WHICH, "disabled_reason": {"type": "string", "minLength": 1, "maxLength": 255}},
        required=["host", "binary", "disabled_reason"],
    )
)
