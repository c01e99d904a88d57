"""Roles that were given. A path names user or group, role and target; the same handlers serve all of them."""

from __future__ import annotations

from typing import Any

from pileus.identity.api import view
from pileus.identity.api.listing import many
from pileus.identity.backend import Backend
from pileus.identity.db import assignment, domain, group, project, role, user
from pileus.identity.model.assignment import SYSTEM_ID, Assignment, TargetKind
from pileus.identity.operations import assignment as operations
from pileus.kit.db import Transaction
from pileus.kit.http.message import Reply, Request

_INHERITED = "/inherited_to_projects"


def grant(request: Request, backend: Backend) -> Reply:
    """PUT …/users/{user_id}/roles/{role_id}."""
    backend.database.write(operations.grant, _authorized(request, backend))
    return Reply.empty()


def revoke(request: Request, backend: Backend) -> Reply:
    """DELETE …/users/{user_id}/roles/{role_id}."""
    backend.database.write(operations.revoke, _authorized(request, backend))
    return Reply.empty()


def check(request: Request, backend: Backend) -> Reply:
    """HEAD and GET …/users/{user_id}/roles/{role_id}."""
    wanted = _authorized(request, backend)
    with backend.database.read() as tx:
        operations.require_parts(tx, wanted)
        if not assignment.has(tx, wanted):
            raise assignment.missing(wanted)
    return Reply.empty()


def list_roles(request: Request, backend: Backend) -> Reply:
    """GET …/users/{user_id}/roles."""
    where = _authorized(request, backend)
    with backend.database.read() as tx:
        operations.require_parts(tx, where)
        rows = role.list_by_ids(tx, assignment.list_role_ids(tx, where))
    return many(request, "roles", map(view.role, rows))


def _authorized(request: Request, backend: Backend) -> Assignment:
    """Return the assignment of the path, if the caller may ask about it."""
    named = _named(request)
    with backend.database.read() as tx:
        request.require({"target": _target(tx, named)})
    return named


def _named(request: Request) -> Assignment:
    params = request.params
    if "project_id" in params:
        kind, target_id = TargetKind.PROJECT, params["project_id"]
    elif "domain_id" in params:
        kind, target_id = TargetKind.DOMAIN, params["domain_id"]
    else:
        kind, target_id = TargetKind.SYSTEM, SYSTEM_ID
    return Assignment(
        user_id=params.get("user_id"),
        group_id=params.get("group_id"),
        role_id=params.get("role_id", ""),
        target_kind=kind,
        target_id=target_id,
        is_inherited=request.path.endswith(_INHERITED),
    )


def _target(tx: Transaction, named: Assignment) -> dict[str, Any]:
    """Return what the database knows of the parts; what does not exist is left out."""
    target: dict[str, Any] = {}
    if named.user_id is not None and (owner := user.find(tx, named.user_id)) is not None:
        target["user"] = {"id": owner.id, "domain_id": owner.domain_id}
    if named.group_id is not None and (members := group.find(tx, named.group_id)) is not None:
        target["group"] = {"id": members.id, "domain_id": members.domain_id}
    if (given := role.find(tx, named.role_id)) is not None:
        target["role"] = {"id": given.id, "name": given.name, "domain_id": given.domain_id}
    if named.target_kind is TargetKind.PROJECT and (part := project.find_any(tx, named.target_id)) is not None:
        target["project"] = {"id": part.id, "domain_id": part.domain_id or None}
    if named.target_kind is TargetKind.DOMAIN and (home := domain.find(tx, named.target_id)) is not None:
        target["domain"] = {"id": home.id}
    return target
