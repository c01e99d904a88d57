"""The bodies that make a server and change it, and how they grew."""

from __future__ import annotations

from typing import Any

from pileus.compute.api import versions as v
from pileus.compute.api.schema import parts
from pileus.kit.schema import DatedSchema, Schema, obj
from pileus.kit.versions import Change

_IP = {"type": "string", "oneOf": [{"format": "ipv4"}, {"format": "ipv6"}]}
_TEXT: dict[str, Any] = {"type": "string", "maxLength": 255}
_TAG: dict[str, Any] = {"tag": parts.TAG}
_SIZE = parts.whole(1)
_DEVICE: dict[str, Any] = {
    "virtual_name": _TEXT,
    "volume_id": parts.UUID,
    "snapshot_id": parts.UUID,
    "volume_size": _SIZE,
    "device_name": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[a-zA-Z0-9._/-]*$"},
    "delete_on_termination": parts.BOOLEAN,
    "no_device": {},
    "connection_info": {"type": "string", "maxLength": 16777215},
}
_DEVICE_V2: dict[str, Any] = {
    **_DEVICE,
    "source_type": {"type": "string", "enum": ["volume", "image", "snapshot", "blank"]},
    "uuid": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[a-zA-Z0-9._-]*$"},
    "image_id": parts.UUID,
    "destination_type": {"type": "string", "enum": ["local", "volume"]},
    "guest_format": _TEXT,
    "device_type": _TEXT,
    "disk_bus": _TEXT,
    "boot_index": {"type": ["integer", "string", "null"], "pattern": "^-?[0-9]+$", "maxLength": parts.MOST_DIGITS},
}
_VOLUME_TYPE: dict[str, Any] = {"volume_type": {"type": ["string", "null"], "maxLength": 255}}
_ANY_NETWORK: dict[str, Any] = {"fixed_ip": _IP, "port": parts.UUID_OR_NULL, "uuid": {"type": "string"}}
_NETWORK: dict[str, Any] = {**_ANY_NETWORK, "uuid": parts.UUID}
FQDN = {"type": "string", "pattern": "^[a-zA-Z0-9-._]*$", "minLength": 1, "maxLength": 255}
HOSTNAME = {"type": "string", "pattern": "^[a-zA-Z0-9]+[a-zA-Z0-9-]*[a-zA-Z0-9]+$", "minLength": 2, "maxLength": 63}
CERTIFICATES = {
    "type": ["array", "null"], "minItems": 1, "maxItems": 50, "uniqueItems": True,
    "items": {"type": "string", "minLength": 1},
}  # fmt: skip
_SERVERS = {"oneOf": [parts.UUID, {"type": "array", "items": parts.UUID}]}
_HINTS = obj(
    {
        "group": _SERVERS,
        "different_host": _SERVERS,
        "same_host": {"type": ["string", "array"], "items": parts.UUID},
        "query": {"type": ["string", "object"]},
        "target_cell": parts.NAME,
        "different_cell": {"type": ["string", "array"], "items": {"type": "string"}},
        "build_near_host_ip": _IP,
        "cidr": {"type": "string", "pattern": "^/[0-9a-f.:]+$"},
    },
    extra=True,
)
CHANGEABLE: dict[str, Any] = {
    "name": parts.NAME,
    "OS-DCF:diskConfig": parts.DISK_CONFIG,
    "accessIPv4": {"type": "string", "anyOf": [{"format": "ipv4"}, {"maxLength": 0}]},
    "accessIPv6": {"type": "string", "anyOf": [{"format": "ipv6"}, {"maxLength": 0}]},
}


def _list_of(members: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": obj(members)}


def _networks(members: dict[str, Any]) -> dict[str, Any]:
    return {"oneOf": [_list_of(members), {"type": "string", "enum": ["none", "auto"]}]}


PERSONALITY = _list_of({"path": {"type": "string"}, "contents": {"type": "string"}})
_FIRST: dict[str, Any] = {
    **CHANGEABLE,
    "imageRef": {"type": "string", "anyOf": [parts.UUID, {"maxLength": 0}]},
    "flavorRef": {"type": ["string", "integer"], "minLength": 1},
    "adminPass": {"type": "string"},
    "metadata": parts.METADATA,
    "networks": _list_of(_ANY_NETWORK),
    "personality": PERSONALITY,
    "availability_zone": parts.NAME,
    "block_device_mapping": _list_of(_DEVICE),
    "block_device_mapping_v2": _list_of(_DEVICE_V2),
    "config_drive": parts.BOOLEAN,
    "key_name": parts.NAME,
    "min_count": parts.whole(1),
    "max_count": parts.whole(1),
    "return_reservation_id": parts.BOOLEAN,
    "security_groups": _list_of({"name": parts.NAME}),
    "user_data": {"type": "string", "maxLength": 65535},
}
_LATER: tuple[tuple[Change, dict[str, Any]], ...] = (
    (v.SERVER_DESCRIPTION, {"description": parts.DESCRIPTION}),
    (v.DEVICE_TAGS_AT_CREATE, {
        "networks": _list_of(_ANY_NETWORK | _TAG), "block_device_mapping_v2": _list_of(_DEVICE_V2 | _TAG),
    }),
    (v.NO_BLOCK_DEVICE_TAGS, {"block_device_mapping_v2": _list_of(_DEVICE_V2)}),
    (v.NETWORKS_REQUIRED, {"networks": _networks(_NETWORK)}),
    (v.DEVICE_TAGS_AGAIN, {
        "networks": _networks(_NETWORK | _TAG), "block_device_mapping_v2": _list_of(_DEVICE_V2 | _TAG),
    }),
    (v.TAGS_AT_CREATE, {"tags": {"type": "array", "items": parts.TAG, "maxItems": parts.MOST_TAGS}}),
    (v.NO_PERSONALITY, {"personality": None}),
    (v.TRUSTED_CERTIFICATES, {"trusted_image_certificates": CERTIFICATES}),
    (v.VOLUME_TYPE, {"block_device_mapping_v2": _list_of(_DEVICE_V2 | _TAG | _VOLUME_TYPE)}),
    (v.REQUESTED_HOST, {"host": FQDN, "hypervisor_hostname": FQDN}),
    (v.HOSTNAME, {"hostname": HOSTNAME}),
    (v.HOSTNAME_FQDN, {"hostname": FQDN}),
)  # fmt: skip
"""What each change added to the body, or changed in it; None: took away."""


def _create(members: dict[str, Any], required: list[str]) -> Schema:
    hints = {"os:scheduler_hints": _HINTS, "OS-SCH-HNT:scheduler_hints": _HINTS}
    return Schema(parts.wrapped("server", obj(members, required=required), **hints))


def _all_of_create() -> DatedSchema:
    members, required = dict(_FIRST), ["name", "flavorRef"]
    dated: list[tuple[Change | None, Schema]] = [(None, _create(members, required))]
    for change, parts_of_it in _LATER:
        members = {name: part for name, part in (members | parts_of_it).items() if part is not None}
        if change is v.NETWORKS_REQUIRED:
            required = [*required, "networks"]
        dated.append((change, _create(members, required)))
    return DatedSchema(*dated)


def _update(**more: Any) -> Schema:
    return Schema(parts.wrapped("server", obj({**CHANGEABLE, **more})))


CREATE = _all_of_create()
UPDATE = DatedSchema(
    (None, _update()),
    (v.SERVER_DESCRIPTION, _update(description=parts.DESCRIPTION)),
    (v.HOSTNAME, _update(description=parts.DESCRIPTION, hostname=HOSTNAME)),
    (v.HOSTNAME_FQDN, _update(description=parts.DESCRIPTION, hostname=FQDN)),
    (v.UPDATE_PINNED_ZONE, _update(
        description=parts.DESCRIPTION, hostname=FQDN, pinned_availability_zone=parts.NAME_OR_NULL,
    )),
)  # fmt: skip
