"""Quotas and limits."""

from __future__ import annotations

from typing import Any

from pileus.compute.api import parse
from pileus.compute.backend import Backend
from pileus.compute.db import server as servers
from pileus.compute.model.quota import NETWORK_LIMITS
from pileus.compute.operations import quota as operations
from pileus.kit.db import Transaction
from pileus.kit.http.message import Reply, Request


def show(request: Request, backend: Backend) -> Reply:
    """GET /os-quota-sets/{project_id}."""
    project_id = _target(request)
    with backend.database.read() as tx:
        limits = operations.limits(tx, backend.settings.quota, project_id)
    return Reply.json({"quota_set": {"id": project_id, **limits, **NETWORK_LIMITS}})


def show_detail(request: Request, backend: Backend) -> Reply:
    """GET /os-quota-sets/{project_id}/detail."""
    project_id = _target(request)
    with backend.database.read() as tx:
        limits = operations.limits(tx, backend.settings.quota, project_id)
        used = servers.usage(tx, project_id).as_resources()
    detail = {
        name: {"limit": limit, "in_use": used.get(name, 0), "reserved": 0}
        for name, limit in {**limits, **NETWORK_LIMITS}.items()
    }
    return Reply.json({"quota_set": {"id": project_id, **detail}})


def show_defaults(request: Request, backend: Backend) -> Reply:
    """GET /os-quota-sets/{project_id}/defaults."""
    limits = operations.defaults(backend.settings.quota)
    return Reply.json({"quota_set": {"id": request.params["project_id"], **limits, **NETWORK_LIMITS}})


def update(request: Request, backend: Backend) -> Reply:
    """PUT /os-quota-sets/{project_id}."""
    project_id, asked = _target(request), request.json()["quota_set"]
    known = operations.defaults(backend.settings.quota)
    changes = {name: int(value) for name, value in asked.items() if name in known}
    is_forced = parse.is_true(asked.get("force", False))

    def change(tx: Transaction) -> dict[str, int]:
        operations.update(tx, project_id, changes, is_forced=is_forced)
        return operations.limits(tx, backend.settings.quota, project_id)

    return Reply.json({"quota_set": {**backend.database.write(change), **NETWORK_LIMITS}})


def reset(request: Request, backend: Backend) -> Reply:
    """DELETE /os-quota-sets/{project_id}."""
    backend.database.write(operations.reset, _target(request))
    return Reply.empty(202)


def _target(request: Request) -> str:
    project_id = request.params["project_id"]
    request.require({"project_id": project_id, "user_id": request.context.user_id})
    return project_id


# --- limits ---------------------------------------------------------------------------------------


def show_limits(request: Request, backend: Backend) -> Reply:
    """GET /limits."""
    own = request.context.project_id or ""
    project_id = request.query.get("tenant_id") or own
    if project_id != own:
        request.require({"project_id": project_id}, "os_compute_api:limits:other_project")
    with backend.database.read() as tx:
        limits = operations.limits(tx, backend.settings.quota, project_id)
        used = servers.usage(tx, project_id)
    absolute: dict[str, Any] = {
        "maxTotalInstances": limits["instances"],
        "maxTotalCores": limits["cores"],
        "maxTotalRAMSize": limits["ram"],
        "maxTotalKeypairs": limits["key_pairs"],
        "maxServerMeta": limits["metadata_items"],
        "maxImageMeta": limits["metadata_items"],
        "maxPersonality": limits["injected_files"],
        "maxPersonalitySize": limits["injected_file_content_bytes"],
        "maxServerGroups": limits["server_groups"],
        "maxServerGroupMembers": limits["server_group_members"],
        "maxTotalFloatingIps": NETWORK_LIMITS["floating_ips"],
        "maxSecurityGroups": NETWORK_LIMITS["security_groups"],
        "maxSecurityGroupRules": NETWORK_LIMITS["security_group_rules"],
        "totalInstancesUsed": used.instances,
        "totalCoresUsed": used.cores,
        "totalRAMUsed": used.ram_mb,
        "totalFloatingIpsUsed": 0,
        "totalSecurityGroupsUsed": 0,
        "totalServerGroupsUsed": 0,
    }
    return Reply.json({"limits": {"rate": [], "absolute": absolute}})
