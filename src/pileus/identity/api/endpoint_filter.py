"""OS-EP-FILTER: endpoint groups, and which endpoints a project was given."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from pileus.identity.api import view
from pileus.identity.api.listing import many
from pileus.identity.backend import Backend
from pileus.identity.db import catalog, endpoint_filter, project
from pileus.identity.model.catalog import GROUP_FILTERS, EndpointGroup, matches
from pileus.identity.model.catalog_errors import FiltersMissing
from pileus.identity.model.errors import RequiredField
from pileus.identity.operations import endpoint_filter as operations
from pileus.kit import ids
from pileus.kit.db import Transaction
from pileus.kit.http.message import Reply, Request

_GROUPS = "OS-EP-FILTER/endpoint_groups"

# --- groups ---------------------------------------------------------------------------------------


def list_groups(request: Request, backend: Backend) -> Reply:
    """GET /v3/OS-EP-FILTER/endpoint_groups."""
    with backend.database.read() as tx:
        rows = endpoint_filter.list_groups(tx, name=request.query.get("name"))
    return many(request, "endpoint_groups", map(view.endpoint_group, rows), _GROUPS)


def show_group(request: Request, backend: Backend) -> Reply:
    """GET /v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}."""
    with backend.database.read() as tx:
        row = endpoint_filter.get_group(tx, request.params["endpoint_group_id"])
    return view.one(request, "endpoint_group", _GROUPS, view.endpoint_group(row))


def create_group(request: Request, backend: Backend) -> Reply:
    """POST /v3/OS-EP-FILTER/endpoint_groups."""
    body = request.json()["endpoint_group"]
    if not body["filters"]:
        raise FiltersMissing
    _require_filters(body)
    new = EndpointGroup(
        id=ids.new_hex_id(), name=body["name"], description=body.get("description"), filters=body["filters"]
    )
    row = backend.database.write(operations.create_group, new)
    return view.one(request, "endpoint_group", _GROUPS, view.endpoint_group(row), 201)


def update_group(request: Request, backend: Backend) -> Reply:
    """PATCH /v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}."""
    body = request.json()["endpoint_group"]
    _require_filters(body)
    row = backend.database.write(operations.update_group, request.params["endpoint_group_id"], body)
    return view.one(request, "endpoint_group", _GROUPS, view.endpoint_group(row))


def delete_group(request: Request, backend: Backend) -> Reply:
    """DELETE /v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}."""
    backend.database.write(operations.delete_group, request.params["endpoint_group_id"])
    return Reply.empty()


def list_endpoints_of_group(request: Request, backend: Backend) -> Reply:
    """GET /v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}/endpoints."""
    with backend.database.read() as tx:
        group = endpoint_filter.get_group(tx, request.params["endpoint_group_id"])
        rows = [row for row in catalog.list_endpoints(tx) if matches(row, group.filters)]
    return many(request, "endpoints", map(view.endpoint, rows))


def list_projects_of_group(request: Request, backend: Backend) -> Reply:
    """GET /v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}/projects."""
    with backend.database.read() as tx:
        group = endpoint_filter.get_group(tx, request.params["endpoint_group_id"])
        return _projects(request, tx, endpoint_filter.list_projects_with_group(tx, group.id))


# --- a project and a group --------------------------------------------------------------------------


def list_groups_of_project(request: Request, backend: Backend) -> Reply:
    """GET /v3/OS-EP-FILTER/projects/{project_id}/endpoint_groups."""
    with backend.database.read() as tx:
        owner = project.get(tx, request.params["project_id"])
        rows = endpoint_filter.list_groups_of_project(tx, owner.id)
    return many(request, "endpoint_groups", map(view.endpoint_group, rows), _GROUPS)


def show_group_given(request: Request, backend: Backend) -> Reply:
    """GET /v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}/projects/{project_id}."""
    with backend.database.read() as tx:
        owner = project.get(tx, request.params["project_id"])
        group = endpoint_filter.get_group(tx, request.params["endpoint_group_id"])
        endpoint_filter.require_group_given(tx, owner.id, group.id)
    links = {"self": f"{request.base_url}/v3/{_GROUPS}/{group.id}/projects/{owner.id}"}
    shown = {"endpoint_group_id": group.id, "project_id": owner.id, "links": links}
    return Reply.json({"project_endpoint_group": shown})


def give_group(request: Request, backend: Backend) -> Reply:
    """PUT /v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}/projects/{project_id}."""
    params = request.params
    backend.database.write(operations.give_group, params["project_id"], params["endpoint_group_id"])
    return Reply.empty()


def take_group(request: Request, backend: Backend) -> Reply:
    """DELETE /v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}/projects/{project_id}."""
    params = request.params
    backend.database.write(operations.take_group, params["project_id"], params["endpoint_group_id"])
    return Reply.empty()


# --- a project and an endpoint ----------------------------------------------------------------------


def list_endpoints_of_project(request: Request, backend: Backend) -> Reply:
    """GET /v3/OS-EP-FILTER/projects/{project_id}/endpoints: those that it was given, also by groups."""
    with backend.database.read() as tx:
        owner = project.get(tx, request.params["project_id"])
        given = endpoint_filter.get_given(tx, owner.id)
        rows = [row for row in catalog.list_endpoints(tx) if given.has(row)]
    return many(request, "endpoints", map(view.endpoint, rows))


def list_projects_of_endpoint(request: Request, backend: Backend) -> Reply:
    """GET /v3/OS-EP-FILTER/endpoints/{endpoint_id}/projects: to which it was given, but for those by groups."""
    with backend.database.read() as tx:
        endpoint = catalog.get_endpoint(tx, request.params["endpoint_id"])
        return _projects(request, tx, endpoint_filter.list_projects_with(tx, endpoint.id))


def check(request: Request, backend: Backend) -> Reply:
    """GET /v3/OS-EP-FILTER/projects/{project_id}/endpoints/{endpoint_id}."""
    with backend.database.read() as tx:
        endpoint = catalog.get_endpoint(tx, request.params["endpoint_id"])
        owner = project.get(tx, request.params["project_id"])
        endpoint_filter.require_given(tx, owner.id, endpoint.id)
    return Reply.empty()


def give(request: Request, backend: Backend) -> Reply:
    """PUT /v3/OS-EP-FILTER/projects/{project_id}/endpoints/{endpoint_id}."""
    backend.database.write(operations.give, request.params["project_id"], request.params["endpoint_id"])
    return Reply.empty()


def take(request: Request, backend: Backend) -> Reply:
    """DELETE /v3/OS-EP-FILTER/projects/{project_id}/endpoints/{endpoint_id}."""
    backend.database.write(operations.take, request.params["project_id"], request.params["endpoint_id"])
    return Reply.empty()


def _projects(request: Request, tx: Transaction, project_ids: Collection[str]) -> Reply:
    return many(request, "projects", map(view.project, project.list_by_ids(tx, project_ids)))


def _require_filters(body: dict[str, Any]) -> None:
    if not body.get("filters", {}).keys() <= set(GROUP_FILTERS):
        raise RequiredField(what=" or ".join(GROUP_FILTERS), where="endpoint_group")
