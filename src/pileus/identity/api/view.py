"""What identity's documents look like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from pileus.identity.model.assignment import Assignment, Listed, Part, TargetKind
from pileus.identity.model.catalog import Endpoint, EndpointGroup, Region, Service
from pileus.identity.model.limit import Limit, RegisteredLimit
from pileus.identity.model.policy import Policy
from pileus.identity.model.resource import Domain, FederatedUser, Group, Project, Role, User
from pileus.identity.model.token import Grant
from pileus.identity.operations.written_catalog import fill
from pileus.kit.http.message import Reply, Request

View = dict[str, Any]


def one(request: Request, kind: str, plural: str, shown: View, status: int = 200) -> Reply:
    """Return one resource with the link to itself."""
    return Reply.json({kind: linked(request, plural, shown)}, status)


def linked(request: Request, plural: str, shown: View) -> View:
    """Add the link to a resource itself to those that it shows already."""
    links = {**shown.get("links", {}), "self": f"{request.base_url}/v3/{plural}/{quote(shown['id'], safe='')}"}
    return {**shown, "links": links}


def domain(row: Domain) -> View:
    """Show a domain."""
    return {
        **row.extra,
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "enabled": row.is_enabled,
        "tags": list(row.tags),
        "options": row.extra.get("options", {}),
    }


def project(row: Project) -> View:
    """Show a project."""
    return {
        **row.extra,
        "id": row.id,
        "name": row.name,
        "domain_id": row.domain_id or None,
        "description": row.description,
        "enabled": row.is_enabled,
        "parent_id": row.parent_id,
        "is_domain": row.is_domain,
        "tags": list(row.tags),
        "options": row.extra.get("options", {}),
    }


def user(row: User, records: Sequence[FederatedUser] = ()) -> View:
    """Show a user, and by what it is known elsewhere; never its password."""
    shown: View = {
        **row.extra,
        "id": row.id,
        "name": row.name,
        "domain_id": row.domain_id,
        "enabled": row.is_enabled,
        "password_expires_at": expiry(row),
        "options": row.extra.get("options", {}),
    }
    if row.default_project_id is not None:
        shown["default_project_id"] = row.default_project_id
    if row.description is not None:
        shown["description"] = row.description
    if records:
        shown["federated"] = _federated(records)
    return shown


def expiry(row: User) -> str | None:
    """Show when a password expires: without a zone, unlike all other times."""
    moment = row.password_expires_at
    return None if moment is None else moment.isoformat(timespec="microseconds")


def _federated(records: Sequence[FederatedUser]) -> list[View]:
    by_provider: dict[str, list[View]] = {}
    for each in records:
        by_provider.setdefault(each.idp_id, []).append({"protocol_id": each.protocol_id, "unique_id": each.unique_id})
    return [{"idp_id": idp_id, "protocols": protocols} for idp_id, protocols in by_provider.items()]


def group(row: Group) -> View:
    """Show a group."""
    return {
        **row.extra,
        "id": row.id,
        "name": row.name,
        "domain_id": row.domain_id,
        "description": row.description,
    }


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


def endpoint_group(row: EndpointGroup) -> View:
    """Show an endpoint group."""
    return {"id": row.id, "name": row.name, "description": row.description, "filters": row.filters}


def policy(row: Policy) -> View:
    """Show a policy."""
    return {**row.extra, "id": row.id, "type": row.type, "blob": row.blob}


def registered_limit(row: RegisteredLimit) -> View:
    """Show a registered limit."""
    return {
        "id": row.id,
        "service_id": row.service_id,
        "region_id": row.region_id,
        "resource_name": row.resource_name,
        "default_limit": row.default_limit,
        "description": row.description,
    }


def limit(row: Limit) -> View:
    """Show a limit, with what it is of."""
    return {
        "id": row.id,
        "project_id": row.project_id,
        "domain_id": row.domain_id,
        "service_id": row.registered.service_id,
        "region_id": row.registered.region_id,
        "resource_name": row.registered.resource_name,
        "resource_limit": row.resource_limit,
        "description": row.description,
    }


def assignment(request: Request, row: Listed) -> View:
    """Show an assignment of a list, with a link to the one that was given."""
    base, given = f"{request.base_url}/v3", row.given
    is_system = row.target_kind is TargetKind.SYSTEM
    scope: View = {"system": {"all": True}} if is_system else {row.target_kind.value: part(row.target)}
    if given.is_inherited:
        scope["OS-INHERIT:inherited_to"] = "projects"
    shown: View = {"scope": scope, "role": part(row.role), "links": {"assignment": f"{base}{_path(given)}"}}
    if row.user is not None:
        shown["user"] = part(row.user)
        if given.group_id is not None:
            shown["links"]["membership"] = f"{base}/groups/{given.group_id}/users/{row.user.id}"
    if row.group is not None:
        shown["group"] = part(row.group)
    if row.role.id != given.role_id:
        shown["links"]["prior_role"] = f"{base}/prior_role/{given.role_id}/implies/{row.role.id}"
    return shown


def part(row: Part) -> View:
    """Show a part of an assignment: its id, and what it is called if that was asked for."""
    if row.name is None:
        return {"id": row.id}
    home = {} if row.domain_id is None else {"domain": {"id": row.domain_id, "name": row.domain_name}}
    return {"id": row.id, "name": row.name, **home}


def _path(given: Assignment) -> str:
    where = "/system" if given.target_kind is TargetKind.SYSTEM else f"/{given.target_kind}s/{given.target_id}"
    who = f"/groups/{given.group_id}" if given.user_id is None else f"/users/{given.user_id}"
    path = f"{where}{who}/roles/{given.role_id}"
    return f"/OS-INHERIT{path}/inherited_to_projects" if given.is_inherited else path


def catalog(grant: Grant) -> msgspec.Raw:
    """Show the catalog as a token's holder sees it."""
    project_id = grant.project.id if grant.project else None
    return msgspec.Raw(fill(grant.catalog, project_id=project_id, user_id=grant.user.id))
