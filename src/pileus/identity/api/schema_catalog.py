"""What the bodies of endpoint groups and policies must look like."""

from __future__ import annotations

from pileus.identity.api.schema import NAME, REGION_OR_NULL, TEXT, TEXT_OR_NULL
from pileus.identity.model.catalog import INTERFACES
from pileus.kit.schema import Schema, obj

_FILTERS = obj(
    {"interface": {"enum": list(INTERFACES)}, "service_id": TEXT, "region_id": REGION_OR_NULL, "enabled": {}},
    extra=True,
)
_GROUP = {"name": NAME, "description": TEXT_OR_NULL, "filters": _FILTERS, "id": TEXT}
ENDPOINT_GROUP_CREATE = Schema(obj({"endpoint_group": obj(_GROUP, ("name", "filters"))}, ("endpoint_group",)))
ENDPOINT_GROUP_UPDATE = Schema(obj({"endpoint_group": {**obj(_GROUP), "minProperties": 1}}, ("endpoint_group",)))

_POLICY = {"blob": TEXT, "type": {**TEXT, "maxLength": 255}}
POLICY_CREATE = Schema(obj({"policy": obj(_POLICY, ("blob", "type"), extra=True)}, ("policy",)))
POLICY_UPDATE = Schema(obj({"policy": {**obj(_POLICY, extra=True), "minProperties": 1}}, ("policy",)))
