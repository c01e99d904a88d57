"""Bodies about key pairs."""

from __future__ import annotations

from pileus.compute.api.schema import parts
from pileus.kit.schema import Schema, obj

CREATE = Schema(
    parts.wrapped("keypair", obj({"name": parts.NAME, "public_key": {"type": "string"}}, required=["name"]))
)
