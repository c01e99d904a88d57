"""Bodies about services."""

from __future__ import annotations

from typing import Any

from pileus.compute.api import versions as v
from pileus.compute.api.schema import parts
from pileus.kit.schema import DatedSchema, Schema, obj

_REASON = {"disabled_reason": {"type": "string", "minLength": 1, "maxLength": 255}}
_FORCED_DOWN = {"forced_down": parts.BOOLEAN}
_WHICH: dict[str, Any] = {
    "host": parts.HOSTNAME,
    "binary": {"type": "string", "minLength": 1, "maxLength": 255},
    **_REASON,
}

ACTION = DatedSchema(
    (None, Schema(obj(_WHICH, required=["host", "binary"]))),
    (v.SERVICE_FORCED_DOWN, Schema(obj({**_WHICH, **_FORCED_DOWN}, required=["host", "binary"]))),
)
UPDATE = Schema(obj({"status": {"type": "string", "enum": ["enabled", "disabled"]}, **_REASON, **_FORCED_DOWN}))
