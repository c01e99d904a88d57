"""Role assignments. A path names user, role and target; the same handlers serve projects, domains and the system."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pileus.identity.api import view
from pileus.identity.api.listing import flag, links_of, many
from pileus.identity.backend import Backend
from pileus.identity.db import assignment, domain, project, role, user
from pileus.identity.model.assignment import SYSTEM_ID, Assignment, TargetKind, close_over
from pileus.identity.operations import assignment as operations
from pileus.kit.db import Transaction
from pileus.kit.errors import Invalid
from pileus.kit.http.message import Reply, Request


class FiltersExclusive(Invalid):
    """Filters that cannot be asked for together."""


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
        role_ids = assignment.list_role_ids(tx, where.user_id, where.target_kind, where.target_id)
        rows = role.list_by_ids(tx, role_ids)
    return many(request, "roles", map(view.role, rows))


def index(request: Request, backend: Backend) -> Reply:
    """GET /v3/role_assignments; who is scoped to a domain sees those on it and on its projects."""
    mine = request.context.domain_id
    request.require({"target": {"domain_id": mine}})
    with backend.database.read() as tx:
        rows = _list(tx, request)
        if mine is not None:
            rows = _within(tx, rows, mine)
        if flag(request, "effective"):
            rows = _effective(tx, rows, request.query.get("role.id"))
        names = _names(tx) if flag(request, "include_names") else None
    shown = [view.assignment(request, row, given, names) for row, given in rows]
    return Reply.json({"role_assignments": shown, "links": links_of(request)})


# --- of the path ----------------------------------------------------------------------------------


def _authorized(request: Request, backend: Backend) -> Assignment:
    """Return the assignment of the path, if the caller may ask about it."""
    params = request.params
    if "project_id" in params:
        kind, target_id = TargetKind.PROJECT, params["project_id"]
    elif "domain_id" in params:
        kind, target_id = TargetKind.DOMAIN, params["domain_id"]
    else:
        kind, target_id = TargetKind.SYSTEM, SYSTEM_ID
    named = Assignment(
        user_id=params["user_id"], role_id=params.get("role_id", ""), target_kind=kind, target_id=target_id
    )
    with backend.database.read() as tx:
        request.require({"target": _target(tx, named)})
    return named


def _target(tx: Transaction, named: Assignment) -> dict[str, Any]:
    """Return what the database knows of the parts; what does not exist is left out."""
    target: dict[str, Any] = {}
    if (owner := user.find(tx, named.user_id)) is not None:
        target["user"] = {"id": owner.id, "domain_id": owner.domain_id}
    if (given := role.find(tx, named.role_id)) is not None:
        target["role"] = {"id": given.id, "name": given.name, "domain_id": given.domain_id}
    if named.target_kind is TargetKind.PROJECT and (part := project.find(tx, named.target_id)) is not None:
        target["project"] = {"id": part.id, "domain_id": part.domain_id}
    if named.target_kind is TargetKind.DOMAIN and (home := domain.find(tx, named.target_id)) is not None:
        target["domain"] = {"id": home.id}
    return target


# --- the list -------------------------------------------------------------------------------------

_Given = tuple[Assignment, Assignment]
"""An assignment to show, and the one that was given: another where one role implies the other."""


def _list(tx: Transaction, request: Request) -> list[_Given]:
    query = request.query
    if "scope.project.id" in query and "scope.domain.id" in query:
        raise FiltersExclusive("Specify a domain or project, not both")
    is_effective = flag(request, "effective")
    if is_effective and "group.id" in query:
        raise FiltersExclusive("Combining effective and group filter will always result in an empty list.")
    if "group.id" in query or "scope.OS-INHERIT:inherited_to" in query:
        return []  # nobody is in a group, and nothing is inherited
    kind, target_id = _filter(request)
    # One that is effective may come of another role than the one asked for.
    role_id = None if is_effective else query.get("role.id")
    rows = assignment.list_assignments(
        tx, user_id=query.get("user.id"), role_id=role_id, kind=kind, target_id=target_id
    )
    return [(row, row) for row in rows]


def _filter(request: Request) -> tuple[TargetKind | None, str | None]:
    query = request.query
    if "scope.project.id" in query:
        return TargetKind.PROJECT, query.get("scope.project.id")
    if "scope.domain.id" in query:
        return TargetKind.DOMAIN, query.get("scope.domain.id")
    return (TargetKind.SYSTEM, SYSTEM_ID) if "scope.system" in query else (None, None)


def _within(tx: Transaction, rows: Sequence[_Given], domain_id: str) -> list[_Given]:
    inside = {domain_id, *(row.id for row in project.list_projects(tx, domain_id=domain_id))}
    return [pair for pair in rows if pair[0].target_kind is not TargetKind.SYSTEM and pair[0].target_id in inside]


def _effective(tx: Transaction, rows: Sequence[_Given], role_id: str | None) -> list[_Given]:
    """Return what the assignments amount to: with the roles that others imply, without the domains' own."""
    implications = role.implications(tx)
    known = {row.id for row in role.list_roles(tx)}
    shown: dict[Assignment, Assignment] = {}
    for row, given in rows:
        for each in sorted(close_over([row.role_id], implications), key=lambda one: one != row.role_id):
            if each in known and role_id in (None, each):
                shown.setdefault(replace(row, role_id=each), given)
    return list(shown.items())


def _names(tx: Transaction) -> dict[str, dict[str, Any]]:
    """Return what each id is called, and in which domain."""
    domains = {row.id: {"id": row.id, "name": row.name} for row in domain.list_domains(tx)}
    names: dict[str, dict[str, Any]] = dict(domains)
    for row in project.list_projects(tx):
        names[row.id] = {"id": row.id, "name": row.name, "domain": domains[row.domain_id]}
    for owner in user.list_users(tx):
        names[owner.id] = {"id": owner.id, "name": owner.name, "domain": domains[owner.domain_id]}
    for known in role.list_all(tx):
        home = {} if known.domain_id is None else {"domain": domains[known.domain_id]}
        names[known.id] = {"id": known.id, "name": known.name, **home}
    return names
