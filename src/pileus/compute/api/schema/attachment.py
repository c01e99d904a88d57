"""Bodies about what is attached to servers."""

from __future__ import annotations

from typing import Any

from pileus.compute.api import versions as v
from pileus.compute.api.schema import parts
from pileus.kit.schema import DatedSchema, Schema, obj

_TEXT = {"type": "string", "minLength": 1}
_IP = {"type": "string", "oneOf": [{"format": "ipv4"}, {"format": "ipv6"}]}
_FIXED_IPS = {
    "type": "array", "minItems": 1, "maxItems": 1, "items": obj({"ip_address": _IP}, required=["ip_address"]),
}  # fmt: skip
_DEVICE = {"type": ["string", "null"], "pattern": "(^/dev/x{0,1}[a-z]{0,1}d{0,1})([a-z]+)[0-9]*$"}
_TAG = {"tag": parts.TAG}


def _interface(**more: Any) -> Schema:
    members = {"net_id": parts.UUID, "port_id": parts.UUID, "fixed_ips": _FIXED_IPS, **more}
    return Schema(obj({"interfaceAttachment": obj(members)}))


def _volume(**more: Any) -> Schema:
    return Schema(parts.wrapped("volumeAttachment", obj({"volumeId": parts.UUID, **more}, required=["volumeId"])))


CREATE_INTERFACE = DatedSchema((None, _interface()), (v.DEVICE_TAGS_AT_ATTACH, _interface(**_TAG)))
CREATE_VOLUME = DatedSchema(
    (None, _volume(device=_DEVICE)),
    (v.DEVICE_TAGS_AT_ATTACH, _volume(device=_DEVICE, **_TAG)),
    (v.VOLUME_DELETE_ON_TERMINATION, _volume(device=_DEVICE, delete_on_termination=parts.BOOLEAN, **_TAG)),
)
UPDATE_VOLUME = DatedSchema(
    (None, _volume()),
    (v.UPDATE_VOLUME_ATTACHMENT, _volume(
        device=_DEVICE, delete_on_termination=parts.BOOLEAN, serverId=parts.UUID, id=parts.UUID, **_TAG,
    )),
)  # fmt: skip
CREATE_SHARE = Schema(
    parts.wrapped(
        "share",
        obj(
            {"share_id": parts.UUID, "tag": {**_TEXT, "maxLength": 255, "pattern": "^[a-zA-Z0-9-]*$"}},
            required=["share_id"],
        ),
    )
)
_CREATE_INFO = obj(
    {"snapshot_id": _TEXT, "type": {"type": "string", "enum": ["qcow2"]}, "new_file": _TEXT, "id": _TEXT},
    required=["snapshot_id", "type", "new_file"],
)
CREATE_SNAPSHOT = Schema(
    parts.wrapped(
        "snapshot", obj({"volume_id": _TEXT, "create_info": _CREATE_INFO}, required=["volume_id", "create_info"])
    )
)
