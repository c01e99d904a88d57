"""Role assignments. A path names user, role and target; the same handlers serve projects, domains and the system."""

from __future__ import annotations

from typing import Any

from pileus.identity.api import view
from pileus.identity.backend import Backend
from pileus.identity.db import assignment, domain, project, role, user
from pileus.identity.model.assignment import SYSTEM_ID, Assignment, TargetKind
from pileus.identity.model.errors import ResourceNotFound
from pileus.identity.operations import assignment as operations
from pileus.kit.db import Transaction
from pileus.kit.http.message import Reply, Request
from pileus.kit.http.page import is_true


def grant(request: Request, backend: Backend) -> Reply:
    """PUT …/users/{user_id}/roles/{role_id}."""
    backend.database.write(operations.grant, _named(request, request.params["role_id"]))
    return Reply.empty()


def revoke(request: Request, backend: Backend) -> Reply:
    """DELETE …/users/{user_id}/roles/{role_id}."""
    backend.database.write(operations.revoke, _named(request, request.params["role_id"]))
    return Reply.empty()


def check(request: Request, backend: Backend) -> Reply:
    """HEAD and GET …/users/{user_id}/roles/{role_id}."""
    wanted = _named(request, request.params["role_id"])
    with backend.database.read() as tx:
        operations.require_parts(tx, wanted)
        if not assignment.has(tx, wanted):
            raise ResourceNotFound(kind="role assignment with role", id=wanted.role_id)
    return Reply.empty()


def list_roles(request: Request, backend: Backend) -> Reply:
    """GET …/users/{user_id}/roles."""
    where = _named(request, "")
    with backend.database.read() as tx:
        user.get(tx, where.user_id)
        role_ids = assignment.list_role_ids(tx, where.user_id, where.target_kind, where.target_id)
        rows = role.list_by_ids(tx, role_ids)
    return view.many(request, "roles", map(view.role, rows))


def list_assignments(request: Request, backend: Backend) -> Reply:
    """GET /v3/role_assignments."""
    query = request.query
    kind, target_id = _filter(request)
    with backend.database.read() as tx:
        rows = assignment.list_assignments(
            tx, user_id=query.get("user.id"), role_id=query.get("role.id"), kind=kind, target_id=target_id
        )
        has_names = "include_names" in query and is_true(query.get("include_names") or "1")
        names = _names(tx) if has_names else None
    shown = [view.assignment(request, row, names) for row in rows]
    links = {"next": None, "self": f"{request.base_url}{request.path}", "previous": None}
    return Reply.json({"role_assignments": shown, "links": links})


def _named(request: Request, role_id: str) -> Assignment:
    params = request.params
    if "project_id" in params:
        kind, target_id = TargetKind.PROJECT, params["project_id"]
    elif "domain_id" in params:
        kind, target_id = TargetKind.DOMAIN, params["domain_id"]
    else:
        kind, target_id = TargetKind.SYSTEM, SYSTEM_ID
    return Assignment(user_id=params["user_id"], role_id=role_id, target_kind=kind, target_id=target_id)


def _filter(request: Request) -> tuple[TargetKind | None, str | None]:
    query = request.query
    if "scope.project.id" in query:
        return TargetKind.PROJECT, query.get("scope.project.id")
    if "scope.domain.id" in query:
        return TargetKind.DOMAIN, query.get("scope.domain.id")
    return (TargetKind.SYSTEM, SYSTEM_ID) if "scope.system" in query else (None, None)


def _names(tx: Transaction) -> dict[str, dict[str, Any]]:
    """Return what each id is called, and in which domain."""
    domains = {row.id: {"id": row.id, "name": row.name} for row in domain.list_domains(tx)}
    names: dict[str, dict[str, Any]] = dict(domains)
    for row in project.list_projects(tx):
        names[row.id] = {"id": row.id, "name": row.name, "domain": domains[row.domain_id]}
    for owner in user.list_users(tx):
        names[owner.id] = {"id": owner.id, "name": owner.name, "domain": domains[owner.domain_id]}
    for known in role.list_roles(tx):
        names[known.id] = {"id": known.id, "name": known.name}
    return names
