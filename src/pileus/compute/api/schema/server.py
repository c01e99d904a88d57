"""Bodies about servers."""

from __future__ import annotations

from pileus.compute.api.schema import parts
from pileus.kit.schema import Schema, obj

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
        obj(
            {
                "length": {
                    "type": ["integer", "string", "null"],
                    "pattern": "^-?[0-9]+$",
                    "minimum": -1,
                    "maxLength": parts.MOST_DIGITS,
                }
            }
        ),
    )
)
RESET_STATE = Schema(
    parts.wrapped("os-resetState", obj({"state": {"type": "string", "enum": ["active", "error"]}}, required=["state"]))
)
