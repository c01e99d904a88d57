"""What the bodies of limits must look like."""

from __future__ import annotations

from typing import Any

from pileus.identity.api.schema import ID, ID_OR_NULL, NAME, REGION_OR_NULL, TEXT_OR_NULL
from pileus.identity.model.limit import UNLIMITED
from pileus.kit.schema import Schema, obj

_AMOUNT = {"type": "integer", "minimum": UNLIMITED, "maximum": 2**31 - 1}
_DESCRIPTION = {**TEXT_OR_NULL, "maxLength": 255}
_OF = {"service_id": {**ID, "format": "uuid"}, "region_id": REGION_OR_NULL, "resource_name": NAME}

_REGISTERED = {**_OF, "default_limit": _AMOUNT, "description": _DESCRIPTION}
_LIMIT = {
    **_OF,
    "project_id": ID_OR_NULL,
    "domain_id": ID_OR_NULL,
    "resource_limit": _AMOUNT,
    "description": _DESCRIPTION,
}


def _many(kind: str, one: dict[str, Any]) -> Schema:
    return Schema(obj({kind: {"type": "array", "items": one, "minItems": 1}}, (kind,)))


REGISTERED_LIMITS_CREATE = _many(
    "registered_limits", obj(_REGISTERED, ("service_id", "resource_name", "default_limit"))
)
REGISTERED_LIMIT_UPDATE = Schema(obj({"registered_limit": obj(_REGISTERED)}, ("registered_limit",)))

# A limit is of a project or of a domain, never of both.
_OWNERS = {"oneOf": [{"required": ["domain_id"]}, {"required": ["project_id"]}]}
LIMITS_CREATE = _many("limits", {**obj(_LIMIT, ("service_id", "resource_name", "resource_limit")), **_OWNERS})
LIMIT_UPDATE = Schema(obj({"limit": obj({"resource_limit": _AMOUNT, "description": _DESCRIPTION})}, ("limit",)))
