"""Bodies about servers."""

from __future__ import annotations

from typing import Any

from pileus.compute.api.schema import parts
from pileus.kit.schema import Schema, obj

_NETWORKS = {
    "type": "array",
    "items": obj(
        {
            "uuid": parts.UUID,
            "port": {"oneOf": [parts.UUID, {"type": "null"}]},
            "fixed_ip": {"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]},
        }
    ),
}
_SECURITY_GROUPS = {
    "type": "array",
    "items": obj({"name": {"type": "string", "minLength": 1, "maxLength": 255}}, extra=True),
}
_PERSONALITY = {
    "type": "array",
    "items": obj({"path": {"type": "string"}, "contents": {"type": "string"}}),
}
_ACCESS: dict[str, Any] = {
    "accessIPv4": {"type": "string", "anyOf": [{"format": "ipv4"}, {"maxLength": 0}]},
    "accessIPv6": {"type": "string", "anyOf": [{"format": "ipv6"}, {"maxLength": 0}]},
    "OS-DCF:diskConfig": parts.DISK_CONFIG,
}
_HINTS = {"type": "object"}
_SERVER = obj(
    {
        "name": parts.NAME,
        "imageRef": {"type": "string", "anyOf": [parts.UUID, {"maxLength": 0}]},
        "flavorRef": {"type": ["string", "integer"], "minLength": 1},
        "adminPass": {"type": "string"},
        "metadata": parts.METADATA,
        "networks": _NETWORKS,
        "personality": _PERSONALITY,
        "availability_zone": {"type": "string", "minLength": 1, "maxLength": 255},
        "block_device_mapping": {"type": "array", "items": {"type": "object"}},
        "block_device_mapping_v2": {"type": "array", "items": {"type": "object"}},
        "config_drive": parts.BOOLEAN,
        "min_count": parts.whole(1),
        "max_count": parts.whole(1),
        "return_reservation_id": parts.BOOLEAN,
        "security_groups": _SECURITY_GROUPS,
        "user_data": {"type": ["string", "null"], "maxLength": 65535},
        "key_name": parts.NAME,
        **_ACCESS,
    },
    required=["name", "flavorRef"],
)

CREATE = Schema(
    parts.wrapped("server", _SERVER, **{"os:scheduler_hints": _HINTS, "OS-SCH-HNT:scheduler_hints": _HINTS})
)
UPDATE = Schema(parts.wrapped("server", {**obj({"name": parts.NAME, **_ACCESS}), "minProperties": 1}))

METADATA = Schema(parts.wrapped("metadata", parts.METADATA))
META = Schema(parts.wrapped("meta", {**parts.METADATA, "minProperties": 1, "maxProperties": 1}))

START = Schema(parts.wrapped("os-start", parts.NOTHING))
STOP = Schema(parts.wrapped("os-stop", parts.NOTHING))
REBOOT = Schema(
    parts.wrapped(
        "reboot",
        obj({"type": {"type": "string", "enum": ["HARD", "Hard", "hard", "SOFT", "Soft", "soft"]}}, required=["type"]),
    )
)
CREATE_IMAGE = Schema(
    parts.wrapped("createImage", obj({"name": parts.NAME, "metadata": parts.METADATA}, required=["name"]))
)
CONSOLE_OUTPUT = Schema(
    parts.wrapped(
        "os-getConsoleOutput",
        obj({"length": {"type": ["integer", "string", "null"], "pattern": "^-?[0-9]+$", "minimum": -1}}),
    )
)
RESET_STATE = Schema(
    parts.wrapped("os-resetState", obj({"state": {"type": "string", "enum": ["active", "error"]}}, required=["state"]))
)
