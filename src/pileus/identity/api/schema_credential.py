"""What the bodies about credentials, application credentials and trusts must look like."""

from __future__ import annotations

from typing import Any

from pileus.identity.api.schema import ID, ID_OR_NULL, NAME, TEXT, TEXT_OR_NULL
from pileus.identity.model.application_credential import METHODS
from pileus.identity.model.credential import EC2
from pileus.kit.schema import Schema, obj

_ID_STRING = {**ID, "pattern": "^[a-zA-Z0-9-]+$"}
MOST_RULES = 128  # they are shown with every validation
_FLAG = {"type": ["boolean", "null"]}

_CREDENTIAL: dict[str, Any] = obj(
    {"blob": TEXT, "type": {**TEXT, "maxLength": 255}, "user_id": TEXT, "project_id": ID_OR_NULL},
    ("blob", "type", "user_id"),
    extra=True,
)
_OF_PROJECT = {
    "if": {"properties": {"type": {"const": EC2}}},
    "then": {"required": ["project_id"], "properties": {"project_id": ID}},
}
CREDENTIAL_CREATE = Schema(obj({"credential": {**_CREDENTIAL, **_OF_PROJECT}}, ("credential",), extra=True))
CREDENTIAL_UPDATE = Schema(obj({"credential": obj({"blob": TEXT}, ("blob",))}, ("credential",), extra=True))
EC2_CREATE = Schema(obj({"tenant_id": TEXT}, ("tenant_id",), extra=True))

_ROLE = {**obj({"id": _ID_STRING, "name": NAME}), "minProperties": 1, "maxProperties": 1}
_ROLES = {"type": "array", "items": _ROLE}

_ACCESS_RULE = {
    **obj(
        {
            "id": _ID_STRING,
            "path": {"type": "string", "maxLength": 225, "pattern": r"^/[^\x00]*$"},
            "service": {**_ID_STRING, "maxLength": 64},
            "method": {"enum": list(METHODS)},
        }
    ),
    "anyOf": [{"required": ["id"]}, {"required": ["path", "service", "method"]}],
}
APPLICATION_CREDENTIAL_CREATE = Schema(
    obj(
        {
            "application_credential": obj(
                {
                    "id": TEXT,
                    "name": NAME,
                    "description": TEXT_OR_NULL,
                    "expires_at": TEXT_OR_NULL,
                    "project_id": TEXT,
                    "roles": _ROLES,
                    "secret": {"type": ["string", "null"], "maxLength": 4096},
                    "system": TEXT_OR_NULL,
                    "unrestricted": _FLAG,
                    "access_rules": {"type": "array", "items": _ACCESS_RULE, "maxItems": MOST_RULES},
                },
                ("name",),
            )
        },
        ("application_credential",),
    )
)

TRUST_CREATE = Schema(
    obj(
        {
            "trust": obj(
                {
                    "trustor_user_id": TEXT,
                    "trustee_user_id": TEXT,
                    "impersonation": {"type": "boolean"},
                    "project_id": TEXT_OR_NULL,
                    "roles": _ROLES,
                    "remaining_uses": {"type": ["integer", "null"], "minimum": 1, "maximum": 2**31 - 1},
                    "expires_at": TEXT_OR_NULL,
                    "allow_redelegation": _FLAG,
                    "redelegation_count": {"type": ["integer", "null"], "minimum": 0},
                    "redelegated_trust_id": TEXT_OR_NULL,
                },
                ("trustor_user_id", "trustee_user_id", "impersonation"),
                extra=True,
            )
        },
        ("trust",),
    )
)
