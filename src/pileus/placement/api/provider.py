"""/resource_providers."""

from __future__ import annotations

from pileus.kit import ids
from pileus.kit.http.message import Reply, Request
from pileus.placement.api import query, query_schema, versions, view
from pileus.placement.backend import Backend
from pileus.placement.db import provider as providers
from pileus.placement.db import resource_class as resource_classes
from pileus.placement.db import trait as traits
from pileus.placement.model.errors import ResourceClassUnknown, TraitUnknown
from pileus.placement.model.inventory import MAX_INT
from pileus.placement.model.request_group import ProviderQuery
from pileus.placement.operations import provider as operations


def list_(request: Request, backend: Backend) -> Reply:
    """GET /resource_providers."""
    wanted = _query(request)
    with backend.database.read() as tx:
        unknown = resource_classes.find_unknown(tx, wanted.resources)
        if unknown:
            raise ResourceClassUnknown(
                "Invalid resource class in resources parameter: No such resource class " + unknown
            )
        missing = traits.list_unknown(tx, sorted(wanted.traits.names()))
        if missing:
            raise TraitUnknown(names=", ".join(missing))
        # Nobody gives more at a time than an inventory can say, and not every database can compare with more.
        is_vain = any(amount > MAX_INT for amount in wanted.resources.values())
        found = () if is_vain else providers.list_matching(tx, wanted)
    shown = [view.provider(request, one) for one in found]
    modified_at = view.latest((one.modified_at for one in found), backend.clock.now())
    return view.fresh({"resource_providers": shown}, modified_at)


def show(request: Request, backend: Backend) -> Reply:
    """GET /resource_providers/{uuid}."""
    with backend.database.read() as tx:
        one = providers.get(tx, request.params["uuid"])
    return view.fresh(view.provider(request, one), one.modified_at)


def create(request: Request, backend: Backend) -> Reply:
    """POST /resource_providers."""
    body = request.json()
    one = backend.database.write(
        operations.create,
        uuid=ids.dashed_uuid(body.get("uuid") or ids.new_uuid()),
        name=body["name"],
        parent_uuid=body.get("parent_provider_uuid"),
        now=backend.clock.now(),
    )
    headers = view.location(request, f"/resource_providers/{one.uuid}")
    if request.since(versions.POST_PROVIDER_BODY):
        return view.fresh(view.provider(request, one), one.modified_at, headers=headers)
    return Reply.empty(201, headers)


def update(request: Request, backend: Backend) -> Reply:
    """PUT /resource_providers/{uuid}."""
    uuid = request.params["uuid"]
    with backend.database.read() as tx:
        providers.get(tx, uuid)  # a missing provider is told before a bad body
    body = request.json()
    one = backend.database.write(
        operations.update,
        uuid,
        name=body["name"],
        parent_uuid=body.get("parent_provider_uuid"),
        keeps_parent="parent_provider_uuid" not in body,
        may_leave_parent=request.since(versions.REPARENT),
        now=backend.clock.now(),
    )
    return view.fresh(view.provider(request, one), one.modified_at)


def delete(request: Request, backend: Backend) -> Reply:
    """DELETE /resource_providers/{uuid}."""
    backend.database.write(operations.delete, request.params["uuid"], now=backend.clock.now())
    return Reply.empty()


def _query(request: Request) -> ProviderQuery:
    names = query.read(request, query_schema.LIST_PROVIDERS)
    return ProviderQuery(
        name=names.get("name"),
        uuid=names.get("uuid"),
        in_tree=names.get("in_tree"),
        resources=query.resources(names["resources"]) if "resources" in names else {},
        traits=query.required(request),
        aggregates=query.member_of(request, request.query.all("member_of")),
    )
