"""Projects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pileus.identity.api import view
from pileus.identity.api.body import changes, extra, home_of
from pileus.identity.api.listing import flag, many
from pileus.identity.backend import Backend
from pileus.identity.db import domain, project, user
from pileus.identity.model.errors import Fixed, ReferenceInvalid, ResourceNotFound
from pileus.identity.model.resource import Project, tree_of
from pileus.identity.operations import project as operations
from pileus.kit import ids
from pileus.kit.errors import Invalid
from pileus.kit.http.message import Reply, Request

_FIELDS = {"name", "description", "enabled", "domain_id", "parent_id"}


class ProjectIsDomain(Invalid):
    """A project that acts as a domain is made as a domain."""

    message = "A project that acts as a domain is made with POST /v3/domains."


def index(request: Request, backend: Backend) -> Reply:
    """GET /v3/projects; who is scoped to a domain sees those in it."""
    query, mine = request.query, request.context.domain_id
    request.require({"target": {"domain_id": mine}})
    with backend.database.read() as tx:
        rows = project.list_projects(
            tx,
            domain_id=query.get("domain_id"),
            name=query.get("name"),
            parent_id=query.get("parent_id"),
            is_enabled=flag(request, "enabled"),
        )
    return many(request, "projects", map(view.project, _tagged(request, _in(rows, mine))))


def index_of_user(request: Request, backend: Backend) -> Reply:
    """GET /v3/users/{user_id}/projects: on which the user has a role."""
    with backend.database.read() as tx:
        row = user.find(tx, request.params["user_id"])
        request.require({"target": {"user": {"id": row.id, "domain_id": row.domain_id}}} if row else {})
        rows = project.list_projects(tx, user_id=user.get(tx, request.params["user_id"]).id)
    return many(request, "projects", map(view.project, _in(rows, request.context.domain_id)))


def show(request: Request, backend: Backend) -> Reply:
    """GET /v3/projects/{project_id}; `parents_as_ids` and `subtree_as_ids` show where it lies and what lies within."""
    row = _authorized(request, backend)
    shown = view.project(row)
    with backend.database.read() as tx:
        if flag(request, "parents_as_ids"):
            ways = [each.id for each in project.list_ancestors(tx, row)]
            shown["parents"] = None
            for each in (row.domain_id, *reversed(ways)):
                shown["parents"] = {each: shown["parents"]}
        if flag(request, "subtree_as_ids"):
            shown["subtree"] = tree_of(project.list_descendants(tx, row), row.id)
    return view.one(request, "project", "projects", shown)


def create(request: Request, backend: Backend) -> Reply:
    """POST /v3/projects."""
    body = request.json()["project"]
    if body.get("is_domain"):
        raise ProjectIsDomain
    home = body.get("domain_id") or home_of(request, backend)
    with backend.database.read() as tx:
        found = domain.find(tx, home)
    request.require({"target": {"project": {"domain_id": found.id}}} if found else {})
    if found is None:
        raise ReferenceInvalid(kind="domain", id=home)
    new = Project(
        id=ids.new_hex_id(),
        name=body["name"],
        domain_id=found.id,
        parent_id=body.get("parent_id") or found.id,
        description=body.get("description") or "",
        is_enabled=body.get("enabled", True),
        extra=extra(body, {*_FIELDS, "is_domain"}),
    )
    row = backend.database.write(operations.create, new)
    return view.one(request, "project", "projects", view.project(row), 201)


def update(request: Request, backend: Backend) -> Reply:
    """PATCH /v3/projects/{project_id}."""
    body = dict(request.json()["project"])
    _authorized(request, backend)
    if body.pop("is_domain", False):
        raise Fixed(what="is_domain")
    row = backend.database.write(operations.update, request.params["project_id"], changes(body, _FIELDS))
    return view.one(request, "project", "projects", view.project(row))


def delete(request: Request, backend: Backend) -> Reply:
    """DELETE /v3/projects/{project_id}."""
    _authorized(request, backend)
    backend.database.write(operations.delete, request.params["project_id"])
    return Reply.empty()


def _authorized(request: Request, backend: Backend) -> Project:
    """Return the project of the path, if the caller may. Who may not does not learn whether it exists."""
    with backend.database.read() as tx:
        row = project.find(tx, request.params["project_id"])
    request.require({"target": {"project": {"id": row.id, "domain_id": row.domain_id}}} if row else {})
    if row is None:
        raise ResourceNotFound(kind="project", id=request.params["project_id"])
    return row


def _in(rows: Sequence[Project], domain_id: str | None) -> list[Project]:
    return [row for row in rows if domain_id in (None, row.domain_id)]


def _tagged(request: Request, rows: list[Project]) -> list[Project]:
    """Return the projects that have all `tags`, one of `tags-any`, and not those of the two `not-` filters."""
    for name in ("tags", "tags-any", "not-tags", "not-tags-any"):
        text = request.query.get(name)
        if text is not None:
            wanted = set(text.split(","))
            rows = [row for row in rows if _has(row, wanted, name)]
    return rows


def _has(row: Project, wanted: set[str], name: str) -> bool:
    tags: Any = row.extra.get("tags", ())
    matches = bool(wanted & {*tags}) if name.endswith("any") else wanted <= {*tags}
    return matches is not name.startswith("not")
