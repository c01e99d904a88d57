"""Bodies about images."""

from __future__ import annotations

from pileus.compute.api.schema import parts
from pileus.kit.schema import Schema

METADATA = Schema(parts.wrapped("metadata", parts.METADATA))
META = Schema(parts.wrapped("meta", {**parts.METADATA, "minProperties": 1, "maxProperties": 1}))
