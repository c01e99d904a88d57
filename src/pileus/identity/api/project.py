"""Projects. One that acts as a domain is seen here too, and is made, changed and removed as that domain."""

from __future__ import annotations

from typing import Any

from pileus.identity.api import project_tree, view
from pileus.identity.api.body import changes, extra, home_of
from pileus.identity.api.listing import asked, flag, page
from pileus.identity.backend import Backend
from pileus.identity.db import domain, project, user
from pileus.identity.model.errors import Fixed, OnlyRootIsDomain, ReferenceInvalid, ResourceNotFound
from pileus.identity.model.limit import EnforcementModel
from pileus.identity.model.resource import MAX_TREE_DEPTH, Domain, Project
from pileus.identity.operations import domain as domain_operations
from pileus.identity.operations import project as operations
from pileus.kit import ids
from pileus.kit.http.message import Reply, Request

_FIELDS = {"name", "description", "enabled", "tags", "domain_id", "parent_id"}
_TAG_FILTERS = ("tags", "tags-any", "not-tags", "not-tags-any")


def index(request: Request, backend: Backend) -> Reply:
    """GET /v3/projects; who is scoped to a domain sees those in it."""
    query, mine = request.query, request.context.domain_id
    request.require({"target": {"domain_id": mine}})
    wanted = asked(request, backend, project.FILTERS)
    tags = {name: text.split(",") for name in _TAG_FILTERS if (text := query.get(name)) is not None}
    with backend.database.read() as tx:
        rows = project.list_projects(tx, wanted, domain_id=mine, is_domain=bool(flag(request, "is_domain")), tags=tags)
    return page(request, "projects", map(view.project, rows), wanted)


def index_of_user(request: Request, backend: Backend) -> Reply:
    """GET /v3/users/{user_id}/projects: on which the user has a role."""
    wanted = asked(request, backend, project.FILTERS)
    with backend.database.read() as tx:
        row = user.find(tx, request.params["user_id"])
        request.require({"target": {"user": {"id": row.id, "domain_id": row.domain_id}}} if row else {})
        if row is None:
            raise ResourceNotFound(kind="user", id=request.params["user_id"])
        rows = project.list_projects(tx, wanted, user_id=row.id)
    return page(request, "projects", map(view.project, rows), wanted)


def show(request: Request, backend: Backend) -> Reply:
    """GET /v3/projects/{project_id}; the query may ask for what it lies within and for what lies within it."""
    row = authorized(request, backend)
    with backend.database.read() as tx:
        tree = project_tree.show(request, tx, row)
    return view.one(request, "project", "projects", {**view.project(row), **tree})


def create(request: Request, backend: Backend) -> Reply:
    """POST /v3/projects."""
    body = request.json()["project"]
    if body.get("is_domain"):
        return _create_domain(request, backend, body)
    home = body.get("domain_id") or home_of(request, backend)
    with backend.database.read() as tx:
        found = domain.find(tx, home)
    request.require({"target": {"project": {"domain_id": found.id}}} if found else {})
    if found is None:
        raise ReferenceInvalid(kind="domain", id=home)
    new = Project(
        id=ids.new_hex_id(),
        name=body["name"].strip(),
        domain_id=found.id,
        parent_id=body.get("parent_id") or found.id,
        description=body.get("description") or "",
        is_enabled=body.get("enabled", True),
        tags=tuple(body.get("tags", ())),
        extra=extra(body, {*_FIELDS, "is_domain"}),
    )
    is_flat = backend.enforcement_model is EnforcementModel.FLAT
    row = backend.database.write(operations.create, new, MAX_TREE_DEPTH if is_flat else 2)
    return view.one(request, "project", "projects", view.project(row), 201)


def update(request: Request, backend: Backend) -> Reply:
    """PATCH /v3/projects/{project_id}."""
    body = dict(request.json()["project"])
    old = authorized(request, backend)
    if body.pop("is_domain", old.is_domain) is not old.is_domain:
        raise Fixed(what="is_domain")
    wanted = changes(body, _FIELDS)
    if old.is_domain:
        _require_same_place(wanted)
        backend.database.write(domain_operations.update, old.id, wanted)
    else:
        backend.database.write(operations.update, old.id, wanted)
    return _shown(request, backend, old.id, 200)


def delete(request: Request, backend: Backend) -> Reply:
    """DELETE /v3/projects/{project_id}."""
    row = authorized(request, backend)
    backend.database.write(domain_operations.delete if row.is_domain else operations.delete, row.id)
    return Reply.empty()


def authorized(request: Request, backend: Backend) -> Project:
    """Return the project of the path, if the caller may. Who may not does not learn whether it exists."""
    with backend.database.read() as tx:
        row = project.find_any(tx, request.params["project_id"])
    request.require({"target": {"project": {"id": row.id, "domain_id": row.domain_id or None}}} if row else {})
    if row is None:
        raise ResourceNotFound(kind="project", id=request.params["project_id"])
    return row


def _create_domain(request: Request, backend: Backend, body: dict[str, Any]) -> Reply:
    request.require({})
    if body.get("parent_id") or body.get("domain_id"):
        raise OnlyRootIsDomain
    new = Domain(
        id=ids.new_hex_id(),
        name=body["name"].strip(),
        description=body.get("description") or "",
        is_enabled=body.get("enabled", True),
        tags=tuple(body.get("tags", ())),
        extra=extra(body, {*_FIELDS, "is_domain"}),
    )
    backend.database.write(domain_operations.create, new)
    return _shown(request, backend, new.id, 201)


def _require_same_place(wanted: dict[str, Any]) -> None:
    """A project that acts as a domain lies in none; what says so again changes nothing."""
    for name, what in (("domain_id", "Domain ID"), ("parent_id", "parent_id")):
        if wanted.pop(name, None) is not None:
            raise Fixed(what=what)


def _shown(request: Request, backend: Backend, project_id: str, status: int) -> Reply:
    with backend.database.read() as tx:
        row = project.get_any(tx, project_id)
    return view.one(request, "project", "projects", view.project(row), status)
