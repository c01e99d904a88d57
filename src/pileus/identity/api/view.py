"""What identity's documents look like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from pileus.identity.model.assignment import Assignment, TargetKind
from pileus.identity.model.catalog import Endpoint, Region, Service, render
from pileus.identity.model.resource import Domain, Project, Role, User
from pileus.identity.model.token import Grant
from pileus.kit.clock import isoformat_micro
from pileus.kit.http.message import Reply, Request

View = dict[str, Any]


def one(request: Request, kind: str, plural: str, shown: View, status: int = 200) -> Reply:
    """Return one resource with the link to itself."""
    link = {"self": f"{request.base_url}/v3/{plural}/{quote(shown['id'], safe='')}"}
    return Reply.json({kind: {**shown, "links": link}}, status)


def domain(row: Domain) -> View:
    """Show a domain."""
    return {
        **row.extra,
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "enabled": row.is_enabled,
        "tags": row.extra.get("tags", []),
        "options": row.extra.get("options", {}),
    }


def project(row: Project) -> View:
    """Show a project."""
    return {
        **row.extra,
        "id": row.id,
        "name": row.name,
        "domain_id": row.domain_id,
        "description": row.description,
        "enabled": row.is_enabled,
        "parent_id": row.parent_id,
        "is_domain": False,
        "tags": row.extra.get("tags", []),
        "options": row.extra.get("options", {}),
    }


def user(row: User) -> View:
    """Show a user; never its password."""
    shown: View = {
        **row.extra,
        "id": row.id,
        "name": row.name,
        "domain_id": row.domain_id,
        "enabled": row.is_enabled,
        "password_expires_at": None,
        "options": row.extra.get("options", {}),
    }
    if row.default_project_id is not None:
        shown["default_project_id"] = row.default_project_id
    if row.description is not None:
        shown["description"] = row.description
    return shown


def role(row: Role) -> View:
    """Show a role."""
    return {
        **row.extra,
        "id": row.id,
        "name": row.name,
        "domain_id": row.domain_id,
        "description": row.description,
        "options": row.extra.get("options", {}),
    }


def region(row: Region) -> View:
    """Show a region."""
    return {**row.extra, "id": row.id, "description": row.description, "parent_region_id": row.parent_region_id}


def service(row: Service) -> View:
    """Show a service."""
    shown: View = {**row.extra, "id": row.id, "type": row.type, "enabled": row.is_enabled, "name": row.name}
    if row.description is not None:
        shown["description"] = row.description
    return shown


def endpoint(row: Endpoint) -> View:
    """Show an endpoint."""
    return {
        **row.extra,
        "id": row.id,
        "service_id": row.service_id,
        "interface": row.interface,
        "region": row.region_id,
        "region_id": row.region_id,
        "url": row.url,
        "enabled": row.is_enabled,
    }


def assignment(request: Request, row: Assignment, given: Assignment, names: Mapping[str, View] | None) -> View:
    """Show an assignment with a link to the one that was given; with `names` also what the ids are called."""

    def named(identifier: str) -> View:
        return dict(names[identifier]) if names and identifier in names else {"id": identifier}

    base = f"{request.base_url}/v3"
    if row.target_kind is TargetKind.SYSTEM:
        scope: View = {"system": {"all": True}}
        link = f"{base}/system/users/{row.user_id}/roles/{given.role_id}"
    else:
        scope = {row.target_kind.value: named(row.target_id)}
        link = f"{base}/{row.target_kind}s/{row.target_id}/users/{row.user_id}/roles/{given.role_id}"
    return {"scope": scope, "user": named(row.user_id), "role": named(row.role_id), "links": {"assignment": link}}


def catalog(grant: Grant) -> list[View]:
    """Show the catalog as a token's holder sees it."""
    project_id = grant.project.id if grant.project else None
    return render(grant.services, grant.endpoints, project_id=project_id, user_id=grant.user.id)


def token(grant: Grant, *, has_catalog: bool = True) -> View:
    """Show a token and what it stands for."""
    shown: View = {
        "methods": list(grant.token.methods),
        "user": {
            "domain": {"id": grant.user_domain.id, "name": grant.user_domain.name},
            "id": grant.user.id,
            "name": grant.user.name,
            "password_expires_at": None,
        },
        "audit_ids": list(grant.token.audit_ids),
        "expires_at": isoformat_micro(grant.token.expires_at),
        "issued_at": isoformat_micro(grant.token.issued_at),
    }
    kind = grant.token.scope.kind
    if kind is None:
        return {"token": shown}
    if grant.project is not None and grant.project_domain is not None:
        home = {"id": grant.project_domain.id, "name": grant.project_domain.name}
        shown["project"] = {"domain": home, "id": grant.project.id, "name": grant.project.name}
        shown["is_domain"] = False
    elif grant.domain is not None:
        shown["domain"] = {"id": grant.domain.id, "name": grant.domain.name}
    elif kind is TargetKind.SYSTEM:
        shown["system"] = {"all": True}
    shown["roles"] = [{"id": row.id, "name": row.name} for row in grant.roles]
    if has_catalog:
        shown["catalog"] = catalog(grant)
    return {"token": shown}
