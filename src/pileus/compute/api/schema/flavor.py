"""Bodies about flavors."""

from __future__ import annotations

from pileus.compute.api.schema import parts
from pileus.kit.schema import Schema, obj

_EXTRA_SPECS = {
    "type": "object",
    "patternProperties": {"^[a-zA-Z0-9-_:. ]{1,255}$": {"type": ["string", "number"], "maxLength": 255}},
    "additionalProperties": False,
}
_FLAVOR = obj(
    {
        "id": {
            "oneOf": [
                {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^(?! )[a-zA-Z0-9. _-]+(?<! )$"},
                {"type": "integer"},
                {"type": "null"},
            ]
        },
        "name": parts.NAME,
        "ram": parts.whole(1),
        "vcpus": parts.whole(1),
        "disk": parts.whole(),
        "OS-FLV-EXT-DATA:ephemeral": parts.whole(),
        "swap": parts.whole(),
        "rxtx_factor": {"type": ["number", "string"], "pattern": r"^[0-9]+(\.[0-9]+)?$", "exclusiveMinimum": 0},
        "os-flavor-access:is_public": parts.BOOLEAN,
    },
    required=["name", "ram", "vcpus", "disk"],
)
_TENANT = obj({"tenant": {"type": "string", "minLength": 1, "maxLength": 255}}, required=["tenant"])

CREATE = Schema(parts.wrapped("flavor", _FLAVOR))
CREATE_EXTRA_SPECS = Schema(parts.wrapped("extra_specs", _EXTRA_SPECS))
UPDATE_EXTRA_SPEC = Schema({**_EXTRA_SPECS, "minProperties": 1, "maxProperties": 1})
ADD_ACCESS = Schema(parts.wrapped("addTenantAccess", _TENANT))
REMOVE_ACCESS = Schema(parts.wrapped("removeTenantAccess", _TENANT))
