"""Bodies about hosts."""

from __future__ import annotations

from pileus.kit.schema import Schema, obj

_WORD = {"type": "string", "enum": ["enable", "disable", "Enable", "Disable", "ENABLE", "DISABLE"]}

UPDATE = Schema({**obj({"status": _WORD, "maintenance_mode": _WORD}), "minProperties": 1})
