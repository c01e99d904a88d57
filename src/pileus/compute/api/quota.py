"""Quotas of projects and of users in them, and quota classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pileus.compute.api import parse
from pileus.compute.api import versions as v
from pileus.compute.api.lookup import require_project
from pileus.compute.backend import Backend
from pileus.compute.model.quota import DEFAULT_CLASS, FILE_LIMITS, GROUP_LIMITS, NETWORK_LIMITS
from pileus.compute.operations import quota as operations
from pileus.kit.db import Transaction
from pileus.kit.errors import Invalid
from pileus.kit.http.message import Reply, Request
from pileus.kit.versions import Change

LONGEST_CLASS_NAME = 255


def show(request: Request, backend: Backend) -> Reply:
    """GET /os-quota-sets/{project_id}."""
    project_id, user_id = _target(request, backend)
    defaults = backend.quota_of(project_id)
    with backend.database.read() as tx:
        limits = operations.limits(tx, defaults, project_id, user_id)
    return Reply.json({"quota_set": {"id": project_id, **_shown(request, limits)}})


def show_detail(request: Request, backend: Backend) -> Reply:
    """GET /os-quota-sets/{project_id}/detail."""
    project_id, user_id = _target(request, backend)
    defaults = backend.quota_of(project_id)
    with backend.database.read() as tx:
        limits = operations.limits(tx, defaults, project_id, user_id)
        used = operations.used(tx, project_id, user_id)
    detail = {name: {"limit": limit, "in_use": used.get(name, 0), "reserved": 0} for name, limit in limits.items()}
    return Reply.json({"quota_set": {"id": project_id, **_shown(request, detail)}})


def show_defaults(request: Request, backend: Backend) -> Reply:
    """GET /os-quota-sets/{project_id}/defaults."""
    project_id = request.params["project_id"]
    require_project(request, backend, project_id)
    defaults = backend.quota_of(project_id)
    with backend.database.read() as tx:
        limits = operations.class_limits(tx, defaults, DEFAULT_CLASS)
    return Reply.json({"quota_set": {"id": project_id, **_shown(request, limits)}})


def update(request: Request, backend: Backend) -> Reply:
    """PUT /os-quota-sets/{project_id}."""
    asked = request.json()["quota_set"]
    project_id, user_id = _target(request, backend)
    defaults = backend.quota_of(project_id)
    changes = {name: int(value) for name, value in asked.items() if name != "force" and value != ""}
    is_forced = parse.is_true(asked.get("force", False))

    def change(tx: Transaction) -> dict[str, int]:
        operations.update(tx, defaults, project_id, changes, user_id, is_forced=is_forced)
        return operations.limits(tx, defaults, project_id, user_id)

    return Reply.json({"quota_set": _shown(request, backend.database.write(change))})


def reset(request: Request, backend: Backend) -> Reply:
    """DELETE /os-quota-sets/{project_id}."""
    project_id = request.params["project_id"]
    request.require({"project_id": project_id, "user_id": request.context.user_id})
    backend.database.write(operations.reset, backend.settings.quota, project_id, request.query.get("user_id"))
    return Reply.empty(202)


def show_class(request: Request, backend: Backend) -> Reply:
    """GET /os-quota-class-sets/{class_name}."""
    name, defaults = request.params["class_name"], backend.quota_of("")
    with backend.database.read() as tx:
        limits = operations.class_limits(tx, defaults, name)
    return Reply.json({"quota_class_set": {"id": name, **_shown_of_class(request, limits)}})


def update_class(request: Request, backend: Backend) -> Reply:
    """PUT /os-quota-class-sets/{class_name}."""
    name, defaults = request.params["class_name"], backend.quota_of("")
    changes = {resource: int(maximum) for resource, maximum in request.json()["quota_class_set"].items()}
    if len(name) > LONGEST_CLASS_NAME:
        raise Invalid(f"quota_class_name has {len(name)} characters, more than {LONGEST_CLASS_NAME}.")

    def change(tx: Transaction) -> dict[str, int]:
        operations.update_class(tx, defaults, name, changes)
        return operations.class_limits(tx, defaults, name)

    return Reply.json({"quota_class_set": _shown_of_class(request, backend.database.write(change))})


def _target(request: Request, backend: Backend) -> tuple[str, str | None]:
    """Return the project, and the user in it, that are meant. Raises Forbidden, ProjectInvalid."""
    project_id = request.params["project_id"]
    request.require({"project_id": project_id, "user_id": request.context.user_id})
    if project_id != request.context.project_id:
        require_project(request, backend, project_id)
    return project_id, request.query.get("user_id") or None


def _shown(request: Request, quotas: Mapping[str, Any], networks_until: Change = v.NO_PROXIES) -> dict[str, Any]:
    """Return what there is of quotas in the request's version."""
    hidden: set[str] = set(NETWORK_LIMITS) if request.since(networks_until) else set()
    if request.since(v.NO_PERSONALITY):
        hidden |= FILE_LIMITS
    return {name: value for name, value in quotas.items() if name not in hidden}


def _shown_of_class(request: Request, quotas: Mapping[str, int]) -> dict[str, int]:
    shown = _shown(request, quotas, v.QUOTA_CLASS_GROUPS)
    if request.since(v.QUOTA_CLASS_GROUPS):
        return shown
    return {name: value for name, value in shown.items() if name not in GROUP_LIMITS}
