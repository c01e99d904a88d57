"""What identity's request bodies must look like."""

from __future__ import annotations

from typing import Any

from pileus.kit.schema import Schema, obj

NAME = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[^\x00]*[^\s\x00][^\x00]*$"}
SHORT_NAME = {**NAME, "maxLength": 64}
_STORABLE = {"pattern": r"^[^\x00]*$"}  # PostgreSQL stores no NUL
TEXT = {"type": "string", **_STORABLE}
TEXT_OR_NULL = {"type": ["string", "null"], **_STORABLE}
ID = {**TEXT, "minLength": 1, "maxLength": 64}
ID_OR_NULL = {**TEXT_OR_NULL, "minLength": 1, "maxLength": 64}
REGION_OR_NULL = {**TEXT_OR_NULL, "maxLength": 255}
ENABLED = {"type": "boolean"}
URL = {"type": "string", "minLength": 1, "maxLength": 225, "pattern": r"^[a-zA-Z0-9+.-]+:[^\x00]+$"}


def _in(kind: str, properties: dict[str, Any], required: tuple[str, ...] = (), *, at_least: int = 0) -> Schema:
    """Return the schema of `{kind: {…}}`; members inside that we do not know are kept as they are."""
    inner = {**obj(properties, required, extra=True), "minProperties": at_least}
    return Schema(obj({kind: inner}, (kind,)))


def _changed(kind: str, properties: dict[str, Any]) -> Schema:
    """Return the schema of a change, which must change something."""
    return _in(kind, properties, at_least=1)


OPTIONS = obj({"immutable": {"type": ["boolean", "null"]}})

TAGS = {
    "type": "array",
    "items": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[^,/\x00]*$"},
    "maxItems": 80,
    "uniqueItems": True,
}

_DOMAIN = {
    "name": SHORT_NAME,
    "description": TEXT_OR_NULL,
    "enabled": ENABLED,
    "options": OPTIONS,
    "tags": TAGS,
    "explicit_domain_id": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
}
DOMAIN_CREATE = _in("domain", _DOMAIN, ("name",))
DOMAIN_UPDATE = _changed("domain", _DOMAIN)

DOMAIN_CONFIG = Schema(obj({"config": {"type": "object"}}, ("config",)))

_PROJECT = {**_DOMAIN, "domain_id": ID_OR_NULL, "parent_id": ID_OR_NULL, "is_domain": {"type": "boolean"}}
PROJECT_TAGS = Schema(obj({"tags": TAGS}, ("tags",)))
PROJECT_CREATE = _in("project", _PROJECT, ("name",))
PROJECT_UPDATE = _in("project", _PROJECT)

_ROLE = {"name": NAME, "description": TEXT_OR_NULL, "domain_id": ID_OR_NULL, "options": OPTIONS}
ROLE_CREATE = _in("role", _ROLE, ("name",))
ROLE_UPDATE = _changed("role", _ROLE)

_REGION = {"id": REGION_OR_NULL, "description": TEXT_OR_NULL, "parent_region_id": REGION_OR_NULL}
REGION_CREATE = _in("region", _REGION)
REGION_UPDATE = _changed("region", _REGION)

_SERVICE = {
    "type": NAME,
    "name": {**TEXT, "minLength": 1, "maxLength": 255},
    "description": TEXT_OR_NULL,
    "enabled": ENABLED,
}
SERVICE_CREATE = _in("service", _SERVICE, ("type",))
SERVICE_UPDATE = _changed("service", _SERVICE)

_ENDPOINT = {
    "interface": {"enum": ["public", "internal", "admin"]},
    "service_id": ID,
    "url": URL,
    "region_id": REGION_OR_NULL,
    "region": REGION_OR_NULL,
    "enabled": ENABLED,
    "name": TEXT,
    "description": TEXT_OR_NULL,
}
ENDPOINT_CREATE = _in("endpoint", _ENDPOINT, ("interface", "service_id", "url"))
ENDPOINT_UPDATE = _changed("endpoint", _ENDPOINT)

_NAMED_DOMAIN = obj({"id": TEXT, "name": TEXT}, extra=True)
_LOGIN = obj({"id": TEXT, "name": TEXT, "password": {"type": "string"}, "domain": _NAMED_DOMAIN}, extra=True)
_METHODS = {"type": "array", "items": TEXT}
_SCOPED = {
    "project": obj({"id": TEXT, "name": TEXT, "domain": _NAMED_DOMAIN}, extra=True),
    "domain": _NAMED_DOMAIN,
    "system": obj({"all": {"type": "boolean"}}, extra=True),
    "OS-TRUST:trust": obj({"id": TEXT}, extra=True),
}
_APPLICATION_CREDENTIAL = {"id": TEXT, "name": TEXT, "secret": TEXT, "user": _LOGIN}
_IDENTITY = obj(
    {
        "methods": _METHODS,
        "password": obj({"user": _LOGIN}, ("user",), extra=True),
        "token": obj({"id": TEXT}, ("id",), extra=True),
        "totp": obj({"user": obj({**_LOGIN["properties"], "passcode": TEXT}, extra=True)}, ("user",), extra=True),
        "application_credential": obj(_APPLICATION_CREDENTIAL, extra=True),
    },
    ("methods",),
    extra=True,
)
_SCOPE = {**obj(_SCOPED, extra=True), "type": ["object", "string", "null"]}
AUTHENTICATE = Schema(
    obj({"auth": obj({"identity": _IDENTITY, "scope": _SCOPE}, ("identity",), extra=True)}, ("auth",))
)
