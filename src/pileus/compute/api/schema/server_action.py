"""The bodies of actions on servers, and how they grew."""

from __future__ import annotations

from typing import Any

from pileus.compute.api import versions as v
from pileus.compute.api.schema import parts, server_create
from pileus.kit.schema import DatedSchema, Schema, obj
from pileus.kit.versions import Change

_HOST = {"type": ["string", "null"], "pattern": "^[a-zA-Z0-9-._]*$", "minLength": 1, "maxLength": 255}
_NAMED_HOST = {**_HOST, "type": "string"}
_AUTO = {"oneOf": [parts.BOOLEAN, {"type": "string", "enum": ["auto"]}]}
_PASSWORD = {"type": "string"}
_ADDRESS = {"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]}


def plain(name: str) -> Schema:
    """Return the schema of an action without an argument, which takes any, mostly null."""
    return Schema(parts.wrapped(name, parts.NOTHING))


def _of(name: str, members: dict[str, Any], required: list[str] | None = None, *, or_null: bool = False) -> Schema:
    inner = obj(members, required=required or [])
    return Schema(parts.wrapped(name, {**inner, "type": ["object", "null"]} if or_null else inner))


LOCK = DatedSchema(
    (None, plain("lock")),
    (v.LOCK_REASON, _of("lock", {"locked_reason": {"type": "string", "minLength": 1, "maxLength": 255}}, or_null=True)),
)
RESCUE = _of("rescue", {"adminPass": _PASSWORD, "rescue_image_ref": parts.UUID}, or_null=True)
CHANGE_PASSWORD = _of("changePassword", {"adminPass": _PASSWORD}, ["adminPass"])
CRASH_DUMP = Schema(parts.wrapped("trigger_crash_dump", {"type": "null"}))
CREATE_BACKUP = _of(
    "createBackup",
    {
        "name": parts.NAME,
        "backup_type": {"type": "string"},
        "rotation": parts.whole(0),
        "metadata": parts.METADATA,
    },
    ["name", "backup_type", "rotation"],
)
RESIZE = _of(
    "resize",
    {"flavorRef": {"type": ["string", "integer"], "minLength": 1}, "OS-DCF:diskConfig": parts.DISK_CONFIG},
    ["flavorRef"],
)
MIGRATE = DatedSchema((None, plain("migrate")), (v.MIGRATE_HOST, _of("migrate", {"host": _HOST}, or_null=True)))

_LIVE = {"block_migration": _AUTO, "host": _HOST}
_LIVE_NEEDS = ["block_migration", "host"]
LIVE_MIGRATE = DatedSchema(
    (None, _of(
        "os-migrateLive",
        {"block_migration": parts.BOOLEAN, "disk_over_commit": parts.BOOLEAN, "host": _HOST},
        [*_LIVE_NEEDS, "disk_over_commit"],
    )),
    (v.AUTO_BLOCK_MIGRATION, _of("os-migrateLive", _LIVE, _LIVE_NEEDS)),
    (v.LIVE_MIGRATE_FORCE, _of("os-migrateLive", {**_LIVE, "force": parts.BOOLEAN}, _LIVE_NEEDS)),
    (v.NO_FORCE, _of("os-migrateLive", _LIVE, _LIVE_NEEDS)),
)  # fmt: skip
_EVACUATE = {"host": _NAMED_HOST, "adminPass": _PASSWORD}
EVACUATE = DatedSchema(
    (None, _of("evacuate", {**_EVACUATE, "onSharedStorage": parts.BOOLEAN}, ["onSharedStorage"])),
    (v.EVACUATE_FINDS_STORAGE, _of("evacuate", _EVACUATE)),
    (v.EVACUATE_FORCE, _of("evacuate", {**_EVACUATE, "force": parts.BOOLEAN})),
    (v.NO_FORCE, _of("evacuate", _EVACUATE)),
)
UNSHELVE = DatedSchema(
    (None, plain("unshelve")),
    (v.UNSHELVE_ZONE, _of("unshelve", {"availability_zone": parts.NAME}, ["availability_zone"], or_null=True)),
    (v.UNSHELVE_HOST, _of(
        "unshelve", {"availability_zone": {"type": ["string", "null"]}, "host": {"type": "string"}}, or_null=True
    )),
)  # fmt: skip
FORCE_COMPLETE = Schema(parts.wrapped("force_complete", {"type": "null"}))
ADD_FIXED_IP = _of(
    "addFixedIp", {"networkId": {"type": ["string", "number"], "minLength": 1, "maxLength": 36}}, ["networkId"]
)
REMOVE_FIXED_IP = _of("removeFixedIp", {"address": _ADDRESS}, ["address"])
ADD_FLOATING_IP = _of("addFloatingIp", {"address": _ADDRESS, "fixed_address": _ADDRESS}, ["address"])
REMOVE_FLOATING_IP = _of("removeFloatingIp", {"address": _ADDRESS}, ["address"])


def _group(name: str) -> Schema:
    inner = obj({"name": {"type": "string", "minLength": 1}}, required=["name"])
    return Schema({**parts.wrapped(name, inner), "additionalProperties": True})


ADD_SECURITY_GROUP, REMOVE_SECURITY_GROUP = _group("addSecurityGroup"), _group("removeSecurityGroup")

# --- rebuild --------------------------------------------------------------------------------------

_FIRST: dict[str, Any] = {
    **server_create.CHANGEABLE,
    "imageRef": parts.UUID,
    "adminPass": _PASSWORD,
    "metadata": parts.METADATA,
    "preserve_ephemeral": parts.BOOLEAN,
    "personality": server_create.PERSONALITY,
}
_LATER: tuple[tuple[Change, dict[str, Any]], ...] = (
    (v.SERVER_DESCRIPTION, {"description": parts.DESCRIPTION}),
    (v.REBUILD_KEY, {"key_name": parts.NAME_OR_NULL}),
    (v.NO_PERSONALITY, {"personality": None, "user_data": {"type": ["string", "null"], "maxLength": 65535}}),
    (v.TRUSTED_CERTIFICATES, {"trusted_image_certificates": server_create.CERTIFICATES}),
    (v.HOSTNAME, {"hostname": server_create.HOSTNAME}),
    (v.HOSTNAME_FQDN, {"hostname": server_create.FQDN}),
)
"""What each change added to the body; None: took away."""


def _all_of_rebuild() -> DatedSchema:
    members = dict(_FIRST)
    dated: list[tuple[Change | None, Schema]] = [(None, _of("rebuild", members, ["imageRef"]))]
    for change, more in _LATER:
        members = {name: part for name, part in (members | more).items() if part is not None}
        dated.append((change, _of("rebuild", members, ["imageRef"])))
    return DatedSchema(*dated)


REBUILD = _all_of_rebuild()
