"""Bodies about quotas."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from pileus.compute.api import versions as v
from pileus.compute.api.schema import parts
from pileus.compute.model.quota import FILE_LIMITS, NETWORK_LIMITS
from pileus.kit.schema import DatedSchema, Schema, obj

_LIMIT = {"type": ["integer", "string"], "pattern": "^-?[0-9]+$", "minimum": -1, "maximum": 2**31 - 1,
          "maxLength": parts.MOST_DIGITS}  # fmt: skip
_RESOURCES = frozenset((
    "instances", "cores", "ram", "key_pairs", "metadata_items", "server_groups", "server_group_members",
    *FILE_LIMITS, *NETWORK_LIMITS,
))  # fmt: skip
_FORCE = {"force": parts.BOOLEAN}


def _set(resources: AbstractSet[str]) -> Schema:
    return Schema(parts.wrapped("quota_set", obj({**dict.fromkeys(resources, _LIMIT), **_FORCE})))


def _class(resources: AbstractSet[str]) -> Schema:
    return Schema(parts.wrapped("quota_class_set", obj(dict.fromkeys(resources, _LIMIT))))


_WITHOUT_NETWORKS = _RESOURCES - NETWORK_LIMITS.keys()
_WITHOUT_FILES = _WITHOUT_NETWORKS - FILE_LIMITS

UPDATE = DatedSchema(
    (None, _set(_RESOURCES)), (v.NO_PROXIES, _set(_WITHOUT_NETWORKS)), (v.NO_PERSONALITY, _set(_WITHOUT_FILES))
)
UPDATE_CLASS = DatedSchema(
    (None, _class(_RESOURCES)),
    (v.QUOTA_CLASS_GROUPS, _class(_WITHOUT_NETWORKS)),
    (v.NO_PERSONALITY, _class(_WITHOUT_FILES)),
)
