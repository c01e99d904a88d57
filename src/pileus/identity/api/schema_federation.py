"""What the request bodies of OS-FEDERATION and OS-OAUTH1 must look like."""

from __future__ import annotations

from typing import Any

from pileus.identity.api.schema import ENABLED, ID, ID_OR_NULL, NAME, TEXT, TEXT_OR_NULL, URL
from pileus.identity.model.mapping import DEFAULT_VERSION, VERSIONS
from pileus.kit.schema import Schema, obj


def _in(kind: str, properties: dict[str, Any], required: tuple[str, ...] = (), *, at_least: int = 0) -> Schema:
    """Return the schema of `{kind: {…}}`; here members that we do not know are refused."""
    return Schema(obj({kind: {**obj(properties, required), "minProperties": at_least}}, (kind,)))


_TEXTS = {"type": "array", "items": TEXT}
_REMOTE_ID = {**TEXT, "maxLength": 64}

_IDP = {
    "enabled": ENABLED,
    "description": TEXT_OR_NULL,
    "authorization_ttl": {"type": ["integer", "null"], "minimum": 0, "maximum": 2**31 - 1},
    "remote_ids": {"type": ["array", "null"], "items": _REMOTE_ID, "uniqueItems": True},
}
IDP_CREATE = Schema(obj({"identity_provider": obj({**_IDP, "domain_id": ID_OR_NULL})}))
IDP_UPDATE = _in("identity_provider", _IDP, at_least=1)

PROTOCOL_CREATE = _in(
    "protocol",
    {"mapping_id": ID, "remote_id_attribute": {**TEXT_OR_NULL, "maxLength": 64}},
    ("mapping_id",),
)
PROTOCOL_UPDATE = _in("protocol", {"mapping_id": ID, "remote_id_attribute": _REMOTE_ID}, ("mapping_id",))

_SERVICE_PROVIDER = {
    "auth_url": URL,
    "sp_url": URL,
    "description": TEXT_OR_NULL,
    "enabled": ENABLED,
    "relay_state_prefix": TEXT_OR_NULL,
}
SERVICE_PROVIDER_CREATE = _in("service_provider", _SERVICE_PROVIDER, ("auth_url", "sp_url"))
SERVICE_PROVIDER_UPDATE = _in("service_provider", _SERVICE_PROVIDER, at_least=1)

# --- mappings -------------------------------------------------------------------------------------

_DOMAIN = obj({"id": TEXT, "name": TEXT})
_USER = obj(
    {"id": TEXT, "name": TEXT, "email": TEXT, "domain": _DOMAIN, "type": {"enum": ["ephemeral", "local"]}},
)
_GROUP = {"oneOf": [obj({"id": TEXT}, ("id",)), obj({"name": TEXT, "domain": _DOMAIN}, ("name", "domain"))]}
_PROJECT = {"name": TEXT, "roles": {"type": "array", "items": obj({"name": TEXT}, ("name",))}}
_CONDITIONS = ("any_one_of", "not_any_of", "blacklist", "whitelist")
_REMOTE = {
    "oneOf": [
        obj({"type": TEXT}, ("type",)),
        *(obj({"type": TEXT, name: _TEXTS, "regex": {"type": "boolean"}}, ("type", name)) for name in _CONDITIONS),
    ]
}


def _rules(version: str) -> dict[str, Any]:
    """Return the schema of the rules of a version."""
    project = _PROJECT if version == "1.0" else {**_PROJECT, "domain": _DOMAIN}
    local = {
        "user": _USER,
        "projects": {"type": "array", "items": obj(project, ("name", "roles"))},
        "group": _GROUP,
        "groups": TEXT,
        "group_ids": TEXT,
        "domain": _DOMAIN,
        **({"projects_json": TEXT} if version == "3.0" else {}),
    }
    rule = {
        "local": {"type": "array", "items": obj(local)},
        "remote": {"type": "array", "items": _REMOTE, "minItems": 1},
    }
    return {"type": "array", "items": obj(rule, ("local", "remote")), "minItems": 1}


def _rules_of(version: str) -> dict[str, Any]:
    """Return the schema that rules have the form of `version` if the mapping says that version."""
    says = {"properties": {"schema_version": {"const": version}}, "required": ["schema_version"]}
    return {"if": says, "then": {"properties": {"rules": _rules(version)}}}


_NEWER = VERSIONS[1:]
_IS_NEWER = {"properties": {"schema_version": {"enum": list(_NEWER)}}, "required": ["schema_version"]}
_MAPPING = {
    **obj({"schema_version": {"enum": [*VERSIONS, "", None]}}, ("rules",), extra=True),
    "allOf": [
        *map(_rules_of, _NEWER),
        {"if": {"not": _IS_NEWER}, "then": {"properties": {"rules": _rules(DEFAULT_VERSION)}}},
    ],
}
MAPPING = Schema(obj({"mapping": _MAPPING}, ("mapping",)))

# --- OAuth1 ---------------------------------------------------------------------------------------

_CONSUMER = {"description": {**TEXT_OR_NULL, "maxLength": 255}}
CONSUMER_CREATE = Schema(obj({"consumer": obj(_CONSUMER, extra=True)}, ("consumer",)))
CONSUMER_UPDATE = Schema(
    obj(
        {"consumer": {**obj(_CONSUMER, extra=True), "not": {"required": ["secret"]}, "minProperties": 1}},
        ("consumer",),
    )
)
_ROLE = {**obj({"id": ID, "name": NAME}), "minProperties": 1, "maxProperties": 1}
AUTHORIZE = Schema(obj({"roles": {"type": "array", "items": _ROLE}}, extra=True))
