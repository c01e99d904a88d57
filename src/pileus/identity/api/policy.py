"""Policies, and OS-ENDPOINT-POLICY: what they are for."""

from __future__ import annotations

from pileus.identity.api import view
from pileus.identity.api.body import changes, extra
from pileus.identity.api.listing import many
from pileus.identity.backend import Backend
from pileus.identity.db import catalog, policy
from pileus.identity.model.policy import Place, Policy, covered
from pileus.identity.operations import policy as operations
from pileus.kit import ids
from pileus.kit.http.message import Reply, Request

_FIELDS = {"blob", "type"}


def index(request: Request, backend: Backend) -> Reply:
    """GET /v3/policies."""
    with backend.database.read() as tx:
        rows = policy.list_policies(tx, type_=request.query.get("type"))
    return many(request, "policies", map(view.policy, rows))


def show(request: Request, backend: Backend) -> Reply:
    """GET /v3/policies/{policy_id}."""
    with backend.database.read() as tx:
        row = policy.get(tx, request.params["policy_id"])
    return view.one(request, "policy", "policies", view.policy(row))


def create(request: Request, backend: Backend) -> Reply:
    """POST /v3/policies."""
    body = request.json()["policy"]
    new = Policy(id=ids.new_hex_id(), type=body["type"], blob=body["blob"], extra=extra(body, _FIELDS))
    row = backend.database.write(operations.create, new)
    return view.one(request, "policy", "policies", view.policy(row), 201)


def update(request: Request, backend: Backend) -> Reply:
    """PATCH /v3/policies/{policy_id}."""
    wanted = changes(request.json()["policy"], _FIELDS)
    row = backend.database.write(operations.update, request.params["policy_id"], wanted)
    return view.one(request, "policy", "policies", view.policy(row))


def delete(request: Request, backend: Backend) -> Reply:
    """DELETE /v3/policies/{policy_id}."""
    backend.database.write(operations.delete, request.params["policy_id"])
    return Reply.empty()


# --- what they are for ------------------------------------------------------------------------------


def check(request: Request, backend: Backend) -> Reply:
    """GET …/OS-ENDPOINT-POLICY/…: 204 if the policy is for that endpoint, service, or service in a region."""
    with backend.database.read() as tx:
        operations.require_parts(tx, request.params["policy_id"], _place(request))
        policy.require_associated(tx, request.params["policy_id"], _place(request))
    return Reply.empty()


def associate(request: Request, backend: Backend) -> Reply:
    """PUT …/OS-ENDPOINT-POLICY/…."""
    backend.database.write(operations.associate, request.params["policy_id"], _place(request))
    return Reply.empty()


def dissociate(request: Request, backend: Backend) -> Reply:
    """DELETE …/OS-ENDPOINT-POLICY/…."""
    backend.database.write(operations.dissociate, request.params["policy_id"], _place(request))
    return Reply.empty()


def list_endpoints(request: Request, backend: Backend) -> Reply:
    """GET /v3/policies/{policy_id}/OS-ENDPOINT-POLICY/endpoints."""
    with backend.database.read() as tx:
        row = policy.get(tx, request.params["policy_id"])
        regions = {region.id: region for region in catalog.list_regions(tx)}
        rows = covered(catalog.list_endpoints(tx), policy.list_places(tx, row.id), regions)
    return many(request, "endpoints", map(view.endpoint, rows))


def show_of_endpoint(request: Request, backend: Backend) -> Reply:
    """GET /v3/endpoints/{endpoint_id}/OS-ENDPOINT-POLICY/policy."""
    with backend.database.read() as tx:
        row = operations.get_effective(tx, request.params["endpoint_id"])
    return view.one(request, "policy", "policies", view.policy(row))


def _place(request: Request) -> Place:
    params = request.params
    return Place(
        endpoint_id=params.get("endpoint_id"),
        service_id=params.get("service_id"),
        region_id=params.get("region_id"),
    )
