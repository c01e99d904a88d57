"""Flavors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pileus.compute.api import parse
from pileus.compute.api import versions as v
from pileus.compute.api.extra_spec import require_valid
from pileus.compute.api.links import next_links
from pileus.compute.api.lookup import require_project
from pileus.compute.api.name_filter import as_like
from pileus.compute.api.view import flavor as view
from pileus.compute.backend import Backend
from pileus.compute.db import flavor as rows
from pileus.compute.model.error.flavor import FlavorExtraSpecNotFound, FlavorNotFound
from pileus.compute.model.error.server import MarkerNotFound
from pileus.compute.model.flavor import Flavor
from pileus.compute.operations import flavor as operations
from pileus.kit import ids
from pileus.kit.db import Transaction
from pileus.kit.errors import Invalid
from pileus.kit.http.message import Reply, Request
from pileus.kit.http.page import limit_of

LONGEST_EXTRA_SPEC = 255


def list_brief(request: Request, backend: Backend) -> Reply:
    """GET /flavors."""
    page, more = _page(request, backend)
    return Reply.json({"flavors": [view.brief(request, flavor) for flavor in page], **more})


def list_full(request: Request, backend: Backend) -> Reply:
    """GET /flavors/detail."""
    page, more = _page(request, backend)
    return Reply.json({"flavors": [view.full(request, flavor) for flavor in page], **more})


def show(request: Request, backend: Backend) -> Reply:
    """GET /flavors/{flavor_id}."""
    with backend.database.read() as tx:
        return Reply.json({"flavor": view.full(request, visible(request, tx))})


def create(request: Request, backend: Backend) -> Reply:
    """POST /flavors."""
    made = backend.database.write(operations.create, _asked(request.json()["flavor"]), backend.clock.now())
    return Reply.json({"flavor": view.full(request, made)})


def update(request: Request, backend: Backend) -> Reply:
    """PUT /flavors/{flavor_id}."""
    description = request.json()["flavor"]["description"]
    changed = backend.database.write(operations.describe, request.params["flavor_id"], description, backend.clock.now())
    return Reply.json({"flavor": view.full(request, changed)})


def delete(request: Request, backend: Backend) -> Reply:
    """DELETE /flavors/{flavor_id}."""
    backend.database.write(operations.delete, request.params["flavor_id"])
    return Reply.empty(202)


def list_extra_specs(request: Request, backend: Backend) -> Reply:
    """GET /flavors/{flavor_id}/os-extra_specs."""
    with backend.database.read() as tx:
        return Reply.json({"extra_specs": visible(request, tx).extra_specs})


def show_extra_spec(request: Request, backend: Backend) -> Reply:
    """GET /flavors/{flavor_id}/os-extra_specs/{key}."""
    with backend.database.read() as tx:
        flavor, key = visible(request, tx), request.params["key"]
    if key not in flavor.extra_specs:
        raise FlavorExtraSpecNotFound(flavor_id=flavor.id, key=key)
    return Reply.json({key: flavor.extra_specs[key]})


def create_extra_specs(request: Request, backend: Backend) -> Reply:
    """POST /flavors/{flavor_id}/os-extra_specs."""
    asked = request.json()["extra_specs"]
    backend.database.write(operations.set_extra_specs, request.params["flavor_id"], _extra_specs(request, asked))
    return Reply.json({"extra_specs": asked})


def update_extra_spec(request: Request, backend: Backend) -> Reply:
    """PUT /flavors/{flavor_id}/os-extra_specs/{key}."""
    asked = request.json()
    specs = _extra_specs(request, asked)
    if request.params["key"] not in specs:
        raise Invalid("Request body and URI mismatch")
    backend.database.write(operations.set_extra_specs, request.params["flavor_id"], specs)
    return Reply.json(asked)


def delete_extra_spec(request: Request, backend: Backend) -> Reply:
    """DELETE /flavors/{flavor_id}/os-extra_specs/{key}."""
    backend.database.write(operations.delete_extra_spec, request.params["flavor_id"], request.params["key"])
    return Reply.empty(200)


def list_access(request: Request, backend: Backend) -> Reply:
    """GET /flavors/{flavor_id}/os-flavor-access."""
    with backend.database.read() as tx:
        flavor = rows.get(tx, request.params["flavor_id"])
        if flavor.is_public:
            raise FlavorNotFound("Access list not available for public flavors.")
        return Reply.json(_access(flavor, rows.list_access(tx, flavor)))


def add_access(request: Request, backend: Backend, value: Any) -> Reply:
    """POST /flavors/{flavor_id}/action: addTenantAccess."""
    require_project(request, backend, value["tenant"])

    def add(tx: Transaction) -> Reply:
        flavor = operations.add_access(
            tx,
            request.params["flavor_id"],
            value["tenant"],
            must_be_private=request.since(v.PUBLIC_FLAVOR_ACCESS_REFUSED),
        )
        return Reply.json(_access(flavor, rows.list_access(tx, flavor)))

    return backend.database.write(add)


def remove_access(request: Request, backend: Backend, value: Any) -> Reply:
    """POST /flavors/{flavor_id}/action: removeTenantAccess."""

    def remove(tx: Transaction) -> Reply:
        flavor = operations.remove_access(tx, request.params["flavor_id"], value["tenant"])
        return Reply.json(_access(flavor, rows.list_access(tx, flavor)))

    return backend.database.write(remove)


def visible(request: Request, tx: Transaction) -> Flavor:
    """Return the flavor that the path names. Raises FlavorNotFound, also for one that the caller may not use."""
    flavor = rows.get(tx, request.params["flavor_id"])
    if flavor.is_public or may_see_all(request) or request.context.project_id in rows.list_access(tx, flavor):
        return flavor
    raise FlavorNotFound(flavor_id=flavor.id)


def may_see_all(request: Request) -> bool:
    """Tell whether the caller may see and use every flavor, as those may who may see whose it is."""
    target = {"project_id": request.context.project_id, "user_id": request.context.user_id}
    return request.may("os_compute_api:os-flavor-access", target)


# --- lists ----------------------------------------------------------------------------------------


def _page(request: Request, backend: Backend) -> tuple[Sequence[Flavor], dict[str, Any]]:
    query = request.query
    sort_key, sort_dir = _sort(request)
    name = query.get("name") if request.since(v.FLAVOR_NAME_FILTER) else None
    sees_all = may_see_all(request)
    with backend.database.read() as tx:
        found = rows.list_all(
            tx,
            is_public=_is_public(query.get("is_public")) if sees_all else None,
            visible_to=None if sees_all else request.context.project_id or "",
            min_memory_mb=parse.whole("minRam", query.get("minRam", "0") or "0"),
            min_root_gb=parse.whole("minDisk", query.get("minDisk", "0") or "0"),
            name_like=None if name is None else as_like(name),
            sort_key=sort_key,
            is_descending=sort_dir == "desc",
        )
    limit = limit_of(request, default=None, maximum=backend.settings.max_limit)
    page = _after(found, query.get("marker"))[:limit]
    return page, next_links(request, "flavors_links", [flavor.id for flavor in page], limit)


def _sort(request: Request) -> tuple[str, str]:
    keys = [key for key in rows.SORT_KEYS if key != "rxtx_factor" or not request.since(v.NO_RXTX_FACTOR)]
    directions = ("asc", "desc")
    return parse.one_of(request, "sort_key", keys, "flavorid"), parse.one_of(request, "sort_dir", directions, "asc")


def _is_public(text: str | None) -> bool | None:
    """Administrators see the public flavors, unless they ask for the others or for all ('none')."""
    if text is None:
        return True
    return None if text.strip().lower() == "none" else parse.boolean("is_public", text)


def _after(flavors: Sequence[Flavor], marker: str | None) -> Sequence[Flavor]:
    if marker is None:
        return flavors
    for index, flavor in enumerate(flavors):
        if flavor.id == marker:
            return flavors[index + 1 :]
    raise MarkerNotFound(marker=marker)


def _asked(body: dict[str, Any]) -> Flavor:
    flavor_id = body.get("id")
    return Flavor(
        id=ids.new_uuid() if flavor_id in (None, "auto") else str(flavor_id),
        name=body["name"],
        vcpus=int(body["vcpus"]),
        memory_mb=int(body["ram"]),
        root_gb=int(body["disk"]),
        ephemeral_gb=int(body.get("OS-FLV-EXT-DATA:ephemeral", 0)),
        swap_mb=int(body.get("swap", 0)),
        rxtx_factor=float(body.get("rxtx_factor", 1.0)),
        is_public=parse.is_true(body.get("os-flavor-access:is_public", True)),
        description=body.get("description"),
    )


def _extra_specs(request: Request, asked: dict[str, Any]) -> dict[str, str]:
    """Return extra specs as they are kept. Raises Invalid for those that are known, and not like this."""
    specs = {key: str(value) for key, value in asked.items()}
    for key, value in specs.items():
        if len(value) > LONGEST_EXTRA_SPEC:
            raise Invalid(f"extra_specs value has {len(value)} characters, more than {LONGEST_EXTRA_SPEC}.")
        if request.since(v.VALID_EXTRA_SPECS):
            require_valid(key, value)
    return specs


def _access(flavor: Flavor, projects: Sequence[str]) -> dict[str, Any]:
    return {"flavor_access": [{"flavor_id": flavor.id, "tenant_id": project_id} for project_id in projects]}
