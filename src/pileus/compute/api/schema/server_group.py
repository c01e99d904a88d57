"""Bodies about server groups."""

from __future__ import annotations

from typing import Any

from pileus.compute.api import versions as v
from pileus.compute.api.schema import parts
from pileus.compute.model.server_group import AFFINITY, ANTI_AFFINITY, SOFT_AFFINITY, SOFT_ANTI_AFFINITY
from pileus.kit.schema import DatedSchema, Schema, obj

_HARD = [ANTI_AFFINITY, AFFINITY]
_ALL = [*_HARD, SOFT_ANTI_AFFINITY, SOFT_AFFINITY]
_RULES = obj({"max_server_per_host": parts.whole(1)})


def _with_list(policies: list[str]) -> Schema:
    listed: dict[str, Any] = {"type": "array", "items": {"type": "string", "enum": policies}}
    listed |= {"minItems": 1, "maxItems": 1}
    return Schema(
        parts.wrapped("server_group", obj({"name": parts.NAME, "policies": listed}, required=["name", "policies"]))
    )


_WITH_RULES = obj(
    {"name": parts.NAME, "policy": {"type": "string", "enum": _ALL}, "rules": _RULES}, required=["name", "policy"]
)

CREATE = DatedSchema(
    (None, _with_list(_HARD)),
    (v.SOFT_AFFINITY, _with_list(_ALL)),
    (v.SERVER_GROUP_RULES, Schema(parts.wrapped("server_group", _WITH_RULES))),
)
