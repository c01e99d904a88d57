"""Compute's API, a row a path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pileus.compute.api import (
    action,
    aggregate,
    attachment,
    document,
    extension,
    flavor,
    hypervisor,
    instance_action,
    keypair,
    quota,
    server,
    server_action,
    server_metadata,
    service,
    usage,
    zone,
)
from pileus.compute.api.links import URL_PROJECT
from pileus.compute.api.schema import aggregate as aggregate_body
from pileus.compute.api.schema import flavor as flavor_body
from pileus.compute.api.schema import keypair as keypair_body
from pileus.compute.api.schema import quota as quota_body
from pileus.compute.api.schema import server as server_body
from pileus.compute.api.schema import service as service_body
from pileus.compute.backend import Backend
from pileus.kit.errors import Invalid
from pileus.kit.http.message import Reply, Request
from pileus.kit.http.routes import PUBLIC, Route, RouteTable, Target, route

BY_ACTION = "os_compute_api:action"
"""The rule of a path whose body names an action: each action has a rule of its own, and this one allows nobody."""


def _row(method: str, path: str, handler: Any, rule: str, **options: Any) -> Route[Backend]:
    return route(method, path, handler, f"os_compute_api:{rule}", **options)


def _on_server(method: str, path: str, handler: Any, rule: str, **options: Any) -> Route[Backend]:
    """A row below one server: its handler loads the server and asks the policy about it."""
    return _row(method, f"/servers/{{server_id}}{path}", handler, rule, target=Target.ROW, **options)


FLAVOR_ACTIONS = (
    action.ActionRow(name="addTenantAccess", handler=flavor.add_access, body=flavor_body.ADD_ACCESS,
                     rule="os_compute_api:os-flavor-access:add_tenant_access", is_on_caller=True),
    action.ActionRow(name="removeTenantAccess", handler=flavor.remove_access, body=flavor_body.REMOVE_ACCESS,
                     rule="os_compute_api:os-flavor-access:remove_tenant_access", is_on_caller=True),
)  # fmt: skip

ROWS: tuple[Route[Backend], ...] = (
    _row("GET", "/servers", server.list_brief, "servers:index"),
    _row("GET", "/servers/detail", server.list_full, "servers:detail"),
    _row("POST", "/servers", server.create, "servers:create", body=server_body.CREATE),
    _on_server("GET", "", server.show, "servers:show"),
    _on_server("PUT", "", server.update, "servers:update", body=server_body.UPDATE),
    _on_server("DELETE", "", server.delete, "servers:delete"),
    route("POST", "/servers/{server_id}/action", server_action.run, BY_ACTION, target=Target.ROW),
    _on_server("GET", "/metadata", server_metadata.show_all, "server-metadata:index"),
    _on_server("POST", "/metadata", server_metadata.merge, "server-metadata:create", body=server_body.METADATA),
    _on_server("PUT", "/metadata", server_metadata.replace, "server-metadata:update_all", body=server_body.METADATA),
    _on_server("GET", "/metadata/{key}", server_metadata.show, "server-metadata:show"),
    _on_server("PUT", "/metadata/{key}", server_metadata.update, "server-metadata:update", body=server_body.META),
    _on_server("DELETE", "/metadata/{key}", server_metadata.delete, "server-metadata:delete"),
    _on_server("GET", "/os-instance-actions", instance_action.list_all, "os-instance-actions:list"),
    _on_server("GET", "/os-instance-actions/{request_id}", instance_action.show, "os-instance-actions:show"),
    _on_server("GET", "/os-security-groups", attachment.list_security_groups, "os-security-groups:list"),
    _on_server("GET", "/os-interface", attachment.list_interfaces, "os-attach-interfaces:list"),
    _on_server("GET", "/os-volume_attachments", attachment.list_volumes, "os-volumes-attachments:index"),
    #
    _row("GET", "/flavors", flavor.list_brief, "flavors:index"),
    _row("GET", "/flavors/detail", flavor.list_full, "flavors:index"),
    _row("POST", "/flavors", flavor.create, "os-flavor-manage:create", body=flavor_body.CREATE),
    _row("GET", "/flavors/{flavor_id}", flavor.show, "flavors:show"),
    _row("DELETE", "/flavors/{flavor_id}", flavor.delete, "os-flavor-manage:delete"),
    route("POST", "/flavors/{flavor_id}/action", action.dispatcher(FLAVOR_ACTIONS), BY_ACTION, target=Target.ROW),
    _row("GET", "/flavors/{flavor_id}/os-flavor-access", flavor.list_access, "os-flavor-access"),
    _row("GET", "/flavors/{flavor_id}/os-extra_specs", flavor.list_extra_specs, "os-flavor-extra-specs:index"),
    _row("POST", "/flavors/{flavor_id}/os-extra_specs", flavor.create_extra_specs, "os-flavor-extra-specs:create",
         body=flavor_body.CREATE_EXTRA_SPECS),
    _row("GET", "/flavors/{flavor_id}/os-extra_specs/{key}", flavor.show_extra_spec, "os-flavor-extra-specs:show"),
    _row("PUT", "/flavors/{flavor_id}/os-extra_specs/{key}", flavor.update_extra_spec, "os-flavor-extra-specs:update",
         body=flavor_body.UPDATE_EXTRA_SPEC),
    _row("DELETE", "/flavors/{flavor_id}/os-extra_specs/{key}", flavor.delete_extra_spec,
         "os-flavor-extra-specs:delete"),
    #
    _row("GET", "/os-keypairs", keypair.list_all, "os-keypairs:index"),
    _row("POST", "/os-keypairs", keypair.create, "os-keypairs:create", body=keypair_body.CREATE),
    _row("GET", "/os-keypairs/{name}", keypair.show, "os-keypairs:show"),
    _row("DELETE", "/os-keypairs/{name}", keypair.delete, "os-keypairs:delete"),
    #
    _row("GET", "/os-hypervisors", hypervisor.list_brief, "os-hypervisors:list"),
    _row("GET", "/os-hypervisors/detail", hypervisor.list_full, "os-hypervisors:list-detail"),
    _row("GET", "/os-hypervisors/statistics", hypervisor.statistics, "os-hypervisors:statistics"),
    _row("GET", "/os-hypervisors/{hypervisor_id}", hypervisor.show, "os-hypervisors:show"),
    _row("GET", "/os-hypervisors/{hypervisor_id}/uptime", hypervisor.uptime, "os-hypervisors:uptime"),
    _row("GET", "/os-hypervisors/{hypervisor_id}/search", hypervisor.search, "os-hypervisors:search"),
    _row("GET", "/os-hypervisors/{hypervisor_id}/servers", hypervisor.list_servers, "os-hypervisors:servers"),
    _row("GET", "/os-services", service.list_all, "os-services:list"),
    _row("PUT", "/os-services/enable", service.enable, "os-services:update", body=service_body.ENABLE),
    _row("PUT", "/os-services/disable", service.disable, "os-services:update", body=service_body.ENABLE),
    _row("PUT", "/os-services/disable-log-reason", service.disable, "os-services:update",
         body=service_body.DISABLE_FOR),
    _row("DELETE", "/os-services/{service_id}", service.delete, "os-services:delete"),
    _row("GET", "/os-availability-zone", zone.list_brief, "os-availability-zone:list"),
    _row("GET", "/os-availability-zone/detail", zone.list_full, "os-availability-zone:detail"),
    _row("GET", "/os-aggregates", aggregate.list_all, "os-aggregates:index"),
    _row("POST", "/os-aggregates", aggregate.create, "os-aggregates:create", body=aggregate_body.CREATE),
    _row("GET", "/os-aggregates/{aggregate_id}", aggregate.show, "os-aggregates:show"),
    _row("PUT", "/os-aggregates/{aggregate_id}", aggregate.update, "os-aggregates:update", body=aggregate_body.UPDATE),
    _row("DELETE", "/os-aggregates/{aggregate_id}", aggregate.delete, "os-aggregates:delete"),
    route("POST", "/os-aggregates/{aggregate_id}/action", aggregate.run, BY_ACTION, target=Target.ROW),
    #
    _row("GET", "/limits", quota.show_limits, "limits"),
    _row("GET", "/os-quota-sets/{project_id}", quota.show, "os-quota-sets:show", target=Target.ROW),
    _row("PUT", "/os-quota-sets/{project_id}", quota.update, "os-quota-sets:update", target=Target.ROW,
         body=quota_body.UPDATE),
    _row("DELETE", "/os-quota-sets/{project_id}", quota.reset, "os-quota-sets:delete", target=Target.ROW),
    _row("GET", "/os-quota-sets/{project_id}/defaults", quota.show_defaults, "os-quota-sets:defaults"),
    _row("GET", "/os-quota-sets/{project_id}/detail", quota.show_detail, "os-quota-sets:detail", target=Target.ROW),
    _row("GET", "/os-simple-tenant-usage", usage.list_all, "os-simple-tenant-usage:list"),
    _row("GET", "/os-simple-tenant-usage/{project_id}", usage.show, "os-simple-tenant-usage:show", target=Target.ROW),
    _row("GET", "/extensions", extension.list_all, "extensions"),
    _row("GET", "/extensions/{alias}", extension.show, "extensions"),
)  # fmt: skip
"""Every row but the documents, as it stands below /v2.1."""

DOCUMENTS: tuple[Route[Backend], ...] = (
    route("GET", "/", document.list_versions, PUBLIC),
    route("GET", "/{anything}", document.list_choices, PUBLIC),
    route("GET", "/v2.1", document.show_version, PUBLIC),
    route("GET", "/v2.1/", document.show_version, PUBLIC),
)

Handler = Callable[[Request, Backend], Reply]


def _for_own_project(handler: Handler) -> Handler:
    """Refuse a path that names another project than the caller's."""

    def run(request: Request, backend: Backend) -> Reply:
        named, own = request.params[URL_PROJECT], request.context.project_id
        if named != own:
            raise Invalid(
                f"Malformed request URL: URL's project_id '{named}' doesn't match Context's project_id '{own}'"
            )
        return handler(request, backend)

    return run


def _below_project(row: Route[Backend]) -> Route[Backend]:
    handler: Any = row.handler
    return replace(row, path=f"/v2.1/{{{URL_PROJECT}}}{row.path}", handler=_for_own_project(handler))


ROUTES: RouteTable[Backend] = RouteTable(
    [
        *DOCUMENTS,
        *(replace(row, path=f"/v2.1{row.path}") for row in ROWS),
        *(_below_project(row) for row in ROWS),
    ]
)
"""Each row twice: the caller's project may stand in the path, as it once had to."""
