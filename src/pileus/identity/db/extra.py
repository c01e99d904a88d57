"""Members that clients add and we only keep: a JSON document beside the columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec


def dump(extra: Mapping[str, Any]) -> str:
    """Return the column's text."""
    return msgspec.json.encode(extra).decode()


def load(text: str) -> dict[str, Any]:
    """Return the members."""
    return msgspec.json.decode(text, type=dict[str, Any])
