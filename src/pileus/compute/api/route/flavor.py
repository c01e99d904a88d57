"""Flavors."""

from __future__ import annotations

from pileus.compute.api import flavor
from pileus.compute.api import versions as v
from pileus.compute.api.action import ActionRow, dispatcher
from pileus.compute.api.route.row import BY_ACTION, Parameters, row
from pileus.compute.api.schema import flavor as flavor_body
from pileus.kit.http.routes import Target, route

ACTIONS = (
    ActionRow(name="addTenantAccess", handler=flavor.add_access, body=flavor_body.ADD_ACCESS,
              rule="os_compute_api:os-flavor-access:add_tenant_access", is_on_caller=True),
    ActionRow(name="removeTenantAccess", handler=flavor.remove_access, body=flavor_body.REMOVE_ACCESS,
              rule="os_compute_api:os-flavor-access:remove_tenant_access", is_on_caller=True),
)  # fmt: skip

LISTED_BY = Parameters(
    "limit", "marker", "is_public", "minRam", "minDisk", "sort_key", "sort_dir", ("name", v.FLAVOR_NAME_FILTER),
    strict_since=v.STRICT_LISTS,
)  # fmt: skip

ROWS = (
    row("GET", "/flavors", flavor.list_brief, "flavors:index", query=LISTED_BY),
    row("GET", "/flavors/detail", flavor.list_full, "flavors:index", query=LISTED_BY),
    row("POST", "/flavors", flavor.create, "os-flavor-manage:create", body=flavor_body.CREATE),
    row("GET", "/flavors/{flavor_id}", flavor.show, "flavors:show"),
    row("PUT", "/flavors/{flavor_id}", flavor.update, "os-flavor-manage:update", body=flavor_body.UPDATE,
        since=v.FLAVOR_DESCRIPTION),
    row("DELETE", "/flavors/{flavor_id}", flavor.delete, "os-flavor-manage:delete"),
    route("POST", "/flavors/{flavor_id}/action", dispatcher(ACTIONS), BY_ACTION, target=Target.ROW),
    row("GET", "/flavors/{flavor_id}/os-flavor-access", flavor.list_access, "os-flavor-access"),
    row("GET", "/flavors/{flavor_id}/os-extra_specs", flavor.list_extra_specs, "os-flavor-extra-specs:index"),
    row("POST", "/flavors/{flavor_id}/os-extra_specs", flavor.create_extra_specs, "os-flavor-extra-specs:create",
        body=flavor_body.CREATE_EXTRA_SPECS),
    row("GET", "/flavors/{flavor_id}/os-extra_specs/{key}", flavor.show_extra_spec, "os-flavor-extra-specs:show"),
    row("PUT", "/flavors/{flavor_id}/os-extra_specs/{key}", flavor.update_extra_spec, "os-flavor-extra-specs:update",
        body=flavor_body.UPDATE_EXTRA_SPEC),
    row("DELETE", "/flavors/{flavor_id}/os-extra_specs/{key}", flavor.delete_extra_spec,
        "os-flavor-extra-specs:delete"),
)  # fmt: skip
