"""What the bodies of users and groups must look like."""

from __future__ import annotations

from typing import Any

from pileus.identity.api.schema import ENABLED, ID, ID_OR_NULL, NAME, TEXT, TEXT_OR_NULL
from pileus.kit.schema import Schema, obj

PASSWORD = {"type": ["string", "null"], "maxLength": 4096}
_SWITCHES = (
    "ignore_change_password_upon_first_use",
    "ignore_password_expiry",
    "ignore_lockout_failure_attempts",
    "ignore_user_inactivity",
    "lock_password",
    "multi_factor_auth_enabled",
)
_METHODS = {"type": "array", "items": TEXT, "minItems": 1, "uniqueItems": True}
_OPTIONS = obj(
    {
        **{name: {"type": ["boolean", "null"]} for name in _SWITCHES},
        "multi_factor_auth_rules": {"type": ["array", "null"], "items": _METHODS, "uniqueItems": True},
    }
)
_PROTOCOL = obj({"protocol_id": TEXT, "unique_id": TEXT}, ("protocol_id", "unique_id"), extra=True)
_PROTOCOLS = {"type": "array", "items": _PROTOCOL, "minItems": 1}
_FEDERATED = obj({"idp_id": TEXT, "protocols": _PROTOCOLS}, ("idp_id", "protocols"), extra=True)

_USER = {
    "name": NAME,
    "description": TEXT_OR_NULL,
    "enabled": ENABLED,
    "domain_id": ID,
    "default_project_id": ID_OR_NULL,
    "password": PASSWORD,
    "options": _OPTIONS,
    "federated": {"type": "array", "items": _FEDERATED},
}
_GROUP = {"name": NAME, "description": TEXT_OR_NULL, "domain_id": ID}


def _created(kind: str, properties: dict[str, Any]) -> Schema:
    return Schema(obj({kind: obj(properties, ("name",), extra=True)}, (kind,)))


def _changed(kind: str, properties: dict[str, Any]) -> Schema:
    return Schema(obj({kind: {**obj(properties, extra=True), "minProperties": 1}}, (kind,)))


USER_CREATE = _created("user", _USER)
USER_UPDATE = _changed("user", _USER)
PASSWORD_CHANGE = Schema(
    obj(
        {
            "user": obj(
                {"original_password": TEXT, "password": {**PASSWORD, "type": "string"}},
                ("original_password", "password"),
            )
        },
        ("user",),
    )
)
GROUP_CREATE = _created("group", _GROUP)
GROUP_UPDATE = _changed("group", _GROUP)
