"""What identity's request bodies must look like."""

from __future__ import annotations

from typing import Any

from pileus.kit.schema import Schema, obj

NAME = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"[\S]+"}
ID = {"type": "string", "minLength": 1, "maxLength": 64}
ID_OR_NULL = {"type": ["string", "null"], "maxLength": 64}
TEXT = {"type": "string"}
TEXT_OR_NULL = {"type": ["string", "null"]}
ENABLED = {"type": "boolean"}
PASSWORD = {"type": ["string", "null"], "maxLength": 4096}
URL = {"type": "string", "minLength": 1, "maxLength": 225, "pattern": "^[a-zA-Z0-9+.-]+:.+"}


def _in(kind: str, properties: dict[str, Any], required: tuple[str, ...] = ()) -> Schema:
    """Return the schema of `{kind: {…}}`; members that we do not know are kept as they are."""
    return Schema(obj({kind: obj(properties, required, extra=True)}, (kind,), extra=True))


_DOMAIN = {"name": NAME, "description": TEXT_OR_NULL, "enabled": ENABLED}
DOMAIN_CREATE = _in("domain", _DOMAIN, ("name",))
DOMAIN_UPDATE = _in("domain", _DOMAIN)

_PROJECT = {**_DOMAIN, "domain_id": ID_OR_NULL, "parent_id": ID_OR_NULL, "is_domain": {"type": "boolean"}}
PROJECT_CREATE = _in("project", _PROJECT, ("name",))
PROJECT_UPDATE = _in("project", _PROJECT)

_USER = {
    **_DOMAIN,
    "domain_id": ID,
    "default_project_id": ID_OR_NULL,
    "password": PASSWORD,
    "email": TEXT_OR_NULL,
}
USER_CREATE = _in("user", _USER, ("name",))
USER_UPDATE = _in("user", _USER)
PASSWORD_CHANGE = _in(
    "user", {"original_password": {"type": "string"}, "password": {"type": "string", "maxLength": 4096}},
    ("original_password", "password"),
)  # fmt: skip

_ROLE = {"name": NAME, "description": TEXT_OR_NULL, "domain_id": ID_OR_NULL}
ROLE_CREATE = _in("role", _ROLE, ("name",))
ROLE_UPDATE = _in("role", _ROLE)

_REGION = {"id": {"type": "string", "maxLength": 255}, "description": TEXT_OR_NULL, "parent_region_id": TEXT_OR_NULL}
REGION = _in("region", _REGION)

_SERVICE = {"type": NAME, "name": TEXT_OR_NULL, "description": TEXT_OR_NULL, "enabled": ENABLED}
SERVICE_CREATE = _in("service", _SERVICE, ("type",))
SERVICE_UPDATE = _in("service", _SERVICE)

_ENDPOINT = {
    "interface": {"enum": ["public", "internal", "admin"]},
    "service_id": ID,
    "url": URL,
    "region_id": TEXT_OR_NULL,
    "region": TEXT_OR_NULL,
    "enabled": ENABLED,
}
ENDPOINT_CREATE = _in("endpoint", _ENDPOINT, ("interface", "service_id", "url"))
ENDPOINT_UPDATE = _in("endpoint", _ENDPOINT)

_NAMED_DOMAIN = obj({"id": TEXT, "name": TEXT}, extra=True)
_LOGIN = obj({"id": TEXT, "name": TEXT, "password": TEXT, "domain": _NAMED_DOMAIN}, extra=True)
_METHODS = {"type": "array", "items": TEXT}
_SCOPED = {
    "project": obj({"id": TEXT, "name": TEXT, "domain": _NAMED_DOMAIN}, extra=True),
    "domain": _NAMED_DOMAIN,
    "system": obj({"all": {"type": "boolean"}}, extra=True),
}
_IDENTITY = obj(
    {
        "methods": _METHODS,
        "password": obj({"user": _LOGIN}, ("user",), extra=True),
        "token": obj({"id": TEXT}, ("id",), extra=True),
    },
    ("methods",),
    extra=True,
)
_SCOPE = {"oneOf": [{"const": "unscoped"}, obj(_SCOPED, extra=True)]}
AUTHENTICATE = Schema(
    obj({"auth": obj({"identity": _IDENTITY, "scope": _SCOPE}, ("identity",), extra=True)}, ("auth",))
)
