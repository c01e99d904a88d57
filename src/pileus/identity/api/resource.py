"""Domains, projects, users and roles."""

from __future__ import annotations

from typing import Any

from pileus.identity.api import view
from pileus.identity.backend import Backend
from pileus.identity.db import domain, project, role, user
from pileus.identity.model.errors import Refused
from pileus.identity.model.resource import Domain, Project, Role, User
from pileus.identity.operations import resource
from pileus.identity.tokens import password
from pileus.kit import ids
from pileus.kit.http.message import Reply, Request
from pileus.kit.http.page import is_true

_DOMAIN_FIELDS = {"name", "description", "enabled"}
_PROJECT_FIELDS = _DOMAIN_FIELDS | {"domain_id", "parent_id", "is_domain", "tags", "options"}
_USER_FIELDS = _DOMAIN_FIELDS | {"domain_id", "default_project_id", "password", "options"}
_ROLE_FIELDS = {"name", "description", "domain_id", "options"}
_NEVER_KEPT = {"id", "links"}


def _extra(body: dict[str, Any], fields: set[str]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in fields | _NEVER_KEPT}


def _changes(body: dict[str, Any], fields: set[str]) -> dict[str, Any]:
    """Return what an update replaces, in the model's names."""
    plain = {name: body[name] for name in fields & body.keys() & {"name", "description", "default_project_id"}}
    if "enabled" in body:
        plain["is_enabled"] = body["enabled"]
    return {**plain, "extra": _extra(body, fields)}


# --- domains --------------------------------------------------------------------------------------


def list_domains(request: Request, backend: Backend) -> Reply:
    """GET /v3/domains."""
    with backend.database.read() as tx:
        rows = domain.list_domains(tx, name=request.query.get("name"), is_enabled=is_true(request.query.get("enabled")))
    return view.many(request, "domains", map(view.domain, rows))


def show_domain(request: Request, backend: Backend) -> Reply:
    """GET /v3/domains/{domain_id}."""
    with backend.database.read() as tx:
        row = domain.get(tx, request.params["domain_id"])
    request.require({"target": {"domain": {"id": row.id}}})
    return view.one(request, "domain", "domains", view.domain(row))


def create_domain(request: Request, backend: Backend) -> Reply:
    """POST /v3/domains."""
    body = request.json()["domain"]
    new = Domain(
        id=ids.new_hex_id(),
        name=body["name"],
        description=body.get("description") or "",
        is_enabled=body.get("enabled", True),
        extra=_extra(body, _DOMAIN_FIELDS),
    )
    row = backend.database.write(resource.create_domain, new)
    return view.one(request, "domain", "domains", view.domain(row), 201)


def update_domain(request: Request, backend: Backend) -> Reply:
    """PATCH /v3/domains/{domain_id}."""
    changes = _changes(request.json()["domain"], _DOMAIN_FIELDS)
    row = backend.database.write(resource.update_domain, request.params["domain_id"], changes)
    return view.one(request, "domain", "domains", view.domain(row))


def delete_domain(request: Request, backend: Backend) -> Reply:
    """DELETE /v3/domains/{domain_id}."""
    backend.database.write(resource.delete_domain, request.params["domain_id"])
    return Reply.empty()


# --- projects -------------------------------------------------------------------------------------


def list_projects(request: Request, backend: Backend) -> Reply:
    """GET /v3/projects."""
    query = request.query
    with backend.database.read() as tx:
        rows = project.list_projects(
            tx,
            domain_id=query.get("domain_id"),
            name=query.get("name"),
            parent_id=query.get("parent_id"),
            is_enabled=is_true(query.get("enabled")),
        )
    return view.many(request, "projects", map(view.project, rows))


def list_projects_of_user(request: Request, backend: Backend) -> Reply:
    """GET /v3/users/{user_id}/projects."""
    with backend.database.read() as tx:
        row = user.get(tx, request.params["user_id"])
        request.require({"target": {"user": {"id": row.id, "domain_id": row.domain_id}}})
        rows = project.list_projects(tx, user_id=row.id)
    return view.many(request, "projects", map(view.project, rows))


def show_project(request: Request, backend: Backend) -> Reply:
    """GET /v3/projects/{project_id}."""
    with backend.database.read() as tx:
        row = project.get(tx, request.params["project_id"])
    request.require({"target": {"project": {"id": row.id, "domain_id": row.domain_id}}})
    return view.one(request, "project", "projects", view.project(row))


def create_project(request: Request, backend: Backend) -> Reply:
    """POST /v3/projects."""
    body = request.json()["project"]
    domain_id = body.get("domain_id") or _home(request, backend)
    new = Project(
        id=ids.new_hex_id(),
        name=body["name"],
        domain_id=domain_id,
        parent_id=body.get("parent_id") or domain_id,
        description=body.get("description") or "",
        is_enabled=body.get("enabled", True),
        extra=_extra(body, _PROJECT_FIELDS),
    )
    row = backend.database.write(resource.create_project, new)
    return view.one(request, "project", "projects", view.project(row), 201)


def update_project(request: Request, backend: Backend) -> Reply:
    """PATCH /v3/projects/{project_id}."""
    changes = _changes(request.json()["project"], _PROJECT_FIELDS)
    row = backend.database.write(resource.update_project, request.params["project_id"], changes)
    return view.one(request, "project", "projects", view.project(row))


def delete_project(request: Request, backend: Backend) -> Reply:
    """DELETE /v3/projects/{project_id}."""
    backend.database.write(resource.delete_project, request.params["project_id"])
    return Reply.empty()


# --- users ----------------------------------------------------------------------------------------


def list_users(request: Request, backend: Backend) -> Reply:
    """GET /v3/users."""
    query = request.query
    with backend.database.read() as tx:
        rows = user.list_users(
            tx, domain_id=query.get("domain_id"), name=query.get("name"), is_enabled=is_true(query.get("enabled"))
        )
    return view.many(request, "users", map(view.user, rows))


def show_user(request: Request, backend: Backend) -> Reply:
    """GET /v3/users/{user_id}."""
    with backend.database.read() as tx:
        row = user.get(tx, request.params["user_id"])
    request.require({"target": {"user": {"id": row.id, "domain_id": row.domain_id}}})
    return view.one(request, "user", "users", view.user(row))


def create_user(request: Request, backend: Backend) -> Reply:
    """POST /v3/users."""
    body = request.json()["user"]
    chosen = body.get("password")
    new = User(
        id=ids.new_hex_id(),
        name=body["name"],
        domain_id=body.get("domain_id") or _home(request, backend),
        password_hash=None if chosen is None else password.hash_chosen(chosen, backend.password_rounds),
        default_project_id=body.get("default_project_id"),
        description=body.get("description"),
        is_enabled=body.get("enabled", True),
        extra=_extra(body, _USER_FIELDS),
    )
    row = backend.database.write(resource.create_user, new)
    return view.one(request, "user", "users", view.user(row), 201)


def update_user(request: Request, backend: Backend) -> Reply:
    """PATCH /v3/users/{user_id}."""
    body = request.json()["user"]
    changes = _changes(body, _USER_FIELDS)
    if body.get("password") is not None:
        changes["password_hash"] = password.hash_chosen(body["password"], backend.password_rounds)
    row = backend.database.write(resource.update_user, request.params["user_id"], changes, backend.clock.now())
    return view.one(request, "user", "users", view.user(row))


def change_password(request: Request, backend: Backend) -> Reply:
    """POST /v3/users/{user_id}/password: by somebody who knows the old one."""
    body = request.json()["user"]
    with backend.database.read() as tx:
        row = user.find(tx, request.params["user_id"])
    if row is None or row.password_hash is None:
        backend.decoy.verify(body["original_password"])
        raise Refused("there is no such user, or it has no password")
    if not password.verify(body["original_password"], row.password_hash):
        raise Refused("the old password is wrong")
    changes = {"password_hash": password.hash_chosen(body["password"], backend.password_rounds)}
    backend.database.write(resource.update_user, row.id, changes, backend.clock.now())
    return Reply.empty()


def delete_user(request: Request, backend: Backend) -> Reply:
    """DELETE /v3/users/{user_id}."""
    backend.database.write(resource.delete_user, request.params["user_id"])
    return Reply.empty()


# --- roles ----------------------------------------------------------------------------------------


def list_roles(request: Request, backend: Backend) -> Reply:
    """GET /v3/roles."""
    with backend.database.read() as tx:
        rows = role.list_roles(tx, name=request.query.get("name"), domain_id=request.query.get("domain_id"))
    return view.many(request, "roles", map(view.role, rows))


def show_role(request: Request, backend: Backend) -> Reply:
    """GET /v3/roles/{role_id}."""
    with backend.database.read() as tx:
        row = role.get(tx, request.params["role_id"])
    return view.one(request, "role", "roles", view.role(row))


def create_role(request: Request, backend: Backend) -> Reply:
    """POST /v3/roles."""
    body = request.json()["role"]
    new = Role(
        id=ids.new_hex_id(),
        name=body["name"],
        domain_id=body.get("domain_id"),
        description=body.get("description"),
        extra=_extra(body, _ROLE_FIELDS),
    )
    row = backend.database.write(resource.create_role, new)
    return view.one(request, "role", "roles", view.role(row), 201)


def update_role(request: Request, backend: Backend) -> Reply:
    """PATCH /v3/roles/{role_id}."""
    changes = _changes(request.json()["role"], _ROLE_FIELDS)
    row = backend.database.write(resource.update_role, request.params["role_id"], changes)
    return view.one(request, "role", "roles", view.role(row))


def delete_role(request: Request, backend: Backend) -> Reply:
    """DELETE /v3/roles/{role_id}."""
    backend.database.write(resource.delete_role, request.params["role_id"])
    return Reply.empty()


def _home(request: Request, backend: Backend) -> str:
    """Return the domain of what names none: that of the caller's scope."""
    caller = request.context
    if caller.domain_id is not None:
        return caller.domain_id
    if caller.project_id is not None:
        with backend.database.read() as tx:
            return project.get(tx, caller.project_id).domain_id
    return caller.user_domain_id
