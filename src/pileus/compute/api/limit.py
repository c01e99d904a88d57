"""Limits: what the caller's project may use, and what of it is used."""

from __future__ import annotations

from typing import Any

from pileus.compute.api import versions as v
from pileus.compute.backend import Backend
from pileus.compute.model.quota import FILE_LIMITS, NETWORK_LIMITS
from pileus.compute.operations import quota as operations
from pileus.kit.http.message import Reply, Request

_NAMES = {
    "maxTotalInstances": "instances",
    "maxTotalCores": "cores",
    "maxTotalRAMSize": "ram",
    "maxTotalKeypairs": "key_pairs",
    "maxServerMeta": "metadata_items",
    "maxImageMeta": "metadata_items",
    "maxPersonality": "injected_files",
    "maxPersonalitySize": "injected_file_content_bytes",
    "maxServerGroups": "server_groups",
    "maxServerGroupMembers": "server_group_members",
    "maxTotalFloatingIps": "floating_ips",
    "maxSecurityGroups": "security_groups",
    "maxSecurityGroupRules": "security_group_rules",
}
_NAMES_IN_USE = {
    "totalInstancesUsed": "instances",
    "totalCoresUsed": "cores",
    "totalRAMUsed": "ram",
    "totalServerGroupsUsed": "server_groups",
    "totalFloatingIpsUsed": "floating_ips",
    "totalSecurityGroupsUsed": "security_groups",
}


def show(request: Request, backend: Backend) -> Reply:
    """GET /limits."""
    own = request.context.project_id or ""
    project_id = request.query.get("tenant_id") or own
    if project_id != own:
        request.require({"project_id": project_id}, "os_compute_api:limits:other_project")
    defaults = backend.quota_of(project_id)
    with backend.database.read() as tx:
        limits = operations.limits(tx, defaults, project_id)
        used = operations.used(tx, project_id)
    hidden: set[str] = set(NETWORK_LIMITS) if request.since(v.NO_PROXIES) else set()
    if request.since(v.NO_PERSONALITY):
        hidden |= FILE_LIMITS
    absolute: dict[str, Any] = {name: limits[of] for name, of in _NAMES.items() if of not in hidden}
    if request.since(v.NO_IMAGE_METADATA):
        del absolute["maxImageMeta"]
    absolute |= {name: used.get(of, 0) for name, of in _NAMES_IN_USE.items() if of not in hidden}
    return Reply.json({"limits": {"rate": [], "absolute": absolute}})
