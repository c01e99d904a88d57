"""Bodies about flavors."""

from __future__ import annotations

from typing import Any

from pileus.compute.api import versions as v
from pileus.compute.api.schema import parts
from pileus.kit.schema import DatedSchema, Schema, obj

_EXTRA_SPECS = {
    "type": "object",
    "patternProperties": {"^[a-zA-Z0-9-_:. ]{1,255}$": {"type": ["string", "number"], "maxLength": 255}},
    "additionalProperties": False,
}
_LAST = {
    "id": {
        "type": ["string", "number", "null"], "minLength": 1, "maxLength": 255,
        "pattern": "^(?! )[a-zA-Z0-9. _-]+(?<! )$",
    },
    "name": parts.NAME,
    "ram": parts.whole(1),
    "vcpus": parts.whole(1),
    "disk": parts.whole(),
    "OS-FLV-EXT-DATA:ephemeral": parts.whole(),
    "swap": parts.whole(),
    "os-flavor-access:is_public": parts.BOOLEAN,
    "description": parts.LONG_DESCRIPTION,
}  # fmt: skip
_RXTX_FACTOR = {
    "rxtx_factor": {
        "type": ["number", "string"], "pattern": r"^[0-9]+(\.[0-9]+)?$", "exclusiveMinimum": 0, "maximum": 3.40282e38,
    }
}  # fmt: skip
_DESCRIBED = {**_LAST, **_RXTX_FACTOR}
_FIRST = {name: schema for name, schema in _DESCRIBED.items() if name != "description"}
_TENANT = obj({"tenant": {"type": "string", "minLength": 1, "maxLength": 255}}, required=["tenant"])


def _create(properties: dict[str, Any]) -> Schema:
    return Schema(parts.wrapped("flavor", obj(properties, required=["name", "ram", "vcpus", "disk"])))


CREATE = DatedSchema(
    (None, _create(_FIRST)), (v.FLAVOR_DESCRIPTION, _create(_DESCRIBED)), (v.NO_RXTX_FACTOR, _create(_LAST))
)
UPDATE = Schema(parts.wrapped("flavor", obj({"description": parts.LONG_DESCRIPTION}, required=["description"])))
CREATE_EXTRA_SPECS = Schema(parts.wrapped("extra_specs", _EXTRA_SPECS))
UPDATE_EXTRA_SPEC = Schema({**_EXTRA_SPECS, "minProperties": 1, "maxProperties": 1})
ADD_ACCESS = Schema(parts.wrapped("addTenantAccess", _TENANT))
REMOVE_ACCESS = Schema(parts.wrapped("removeTenantAccess", _TENANT))
