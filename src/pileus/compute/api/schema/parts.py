"""Pieces that bodies are made of."""

from __future__ import annotations

from typing import Any

BOOLEAN = {
    "type": ["boolean", "string"],
    "enum": [
        True, "True", "TRUE", "true", "1", "ON", "On", "on", "YES", "Yes", "yes", "y", "t",
        False, "False", "FALSE", "false", "0", "OFF", "Off", "off", "NO", "No", "no", "n", "f",
    ],
}  # fmt: skip
NAME = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^\S$|^\S[^\x00-\x1f\x7f]*\S$"}
"""No blank at either end, nothing that cannot be printed."""

HOSTNAME = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[a-zA-Z0-9-._]*$"}
UUID = {"type": "string", "pattern": "^[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}$"}
UUID_OR_NULL = {"oneOf": [UUID, {"type": "null"}]}
NAME_OR_NULL = {"type": ["string", "null"], "minLength": 1, "maxLength": 255}
DESCRIPTION = {"type": ["string", "null"], "maxLength": 255, "pattern": r"^[^\x00-\x1f\x7f]*$"}
LONG_DESCRIPTION = {**DESCRIPTION, "maxLength": 65535}
TAG = {"type": "string", "pattern": "^[^,/]*$", "minLength": 1, "maxLength": 60}
MOST_TAGS = 50
MOST_DIGITS = 18  # Python refuses to read a number of thousands of digits
NOTHING: dict[str, Any] = {}  # what an action takes that has no argument: anything, mostly null
METADATA = {
    "type": "object",
    "patternProperties": {"^[a-zA-Z0-9-_:. ]{1,255}$": {"type": "string", "maxLength": 255}},
    "additionalProperties": False,
}
DISK_CONFIG = {"type": "string", "enum": ["AUTO", "MANUAL"]}


def whole(minimum: int = 0, maximum: int = 2**31 - 1) -> dict[str, Any]:
    """Return the schema of a whole number, which may come as a string of digits."""
    return {
        "type": ["integer", "string"], "pattern": "^[0-9]+$", "minimum": minimum, "maximum": maximum, "minLength": 1,
        "maxLength": MOST_DIGITS,
    }  # fmt: skip


def wrapped(name: str, inner: dict[str, Any], **others: Any) -> dict[str, Any]:
    """Return the schema of `{name: inner}`, with other members that may be there."""
    return {
        "type": "object", "properties": {name: inner, **others}, "required": [name], "additionalProperties": False,
    }  # fmt: skip
