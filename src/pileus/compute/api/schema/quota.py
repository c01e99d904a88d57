"""Bodies about quotas."""

from __future__ import annotations

from pileus.compute.api.schema import parts
from pileus.kit.schema import Schema, obj

_LIMIT = {"type": ["integer", "string"], "pattern": "^-?[0-9]+$", "minimum": -1, "maximum": 2**31 - 1, "minLength": 1}
_RESOURCES = (
    "instances", "cores", "ram", "key_pairs", "metadata_items", "injected_files", "injected_file_content_bytes",
    "injected_file_path_bytes", "server_groups", "server_group_members", "fixed_ips", "floating_ips",
    "security_groups", "security_group_rules", "networks",
)  # fmt: skip

UPDATE = Schema(
    parts.wrapped(
        "quota_set",
        obj({**dict.fromkeys(_RESOURCES, _LIMIT), "force": parts.BOOLEAN, "tenant_id": {"type": "string"}}),
    )
)
