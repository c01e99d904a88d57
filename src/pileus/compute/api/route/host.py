"""Hosts: hypervisors, services, availability zones and aggregates."""

from __future__ import annotations

from pileus.compute.api import aggregate, audit_log, console_token, host, hypervisor, service, zone
from pileus.compute.api import versions as v
from pileus.compute.api.route.row import BY_ACTION, Parameters, row
from pileus.compute.api.schema import aggregate as aggregate_body
from pileus.compute.api.schema import host as host_body
from pileus.compute.api.schema import service as service_body
from pileus.kit.http.routes import Target, route

LISTED = Parameters(
    ("limit", v.HYPERVISOR_PAGES), ("marker", v.HYPERVISOR_PAGES), "hypervisor_hostname_pattern", "with_servers",
    strict_since=v.HYPERVISOR_UUIDS,
)  # fmt: skip
SHOWN = Parameters("with_servers", strict_since=v.HYPERVISOR_UUIDS)
HYPERVISOR = "/os-hypervisors/{hypervisor_id}"
HOST = "/os-hosts/{host_name}"
CONSOLE = "/os-console-auth-tokens/{token}"
SERVICES = Parameters("host", "binary", strict_since=v.STRICT_LISTS)

ROWS = (
    row("GET", "/os-hypervisors", hypervisor.list_brief, "os-hypervisors:list", query=LISTED),
    row("GET", "/os-hypervisors/detail", hypervisor.list_full, "os-hypervisors:list-detail", query=LISTED),
    row("GET", "/os-hypervisors/statistics", hypervisor.statistics, "os-hypervisors:statistics",
        until=v.HYPERVISOR_FACTS_GONE),
    row("GET", HYPERVISOR, hypervisor.show, "os-hypervisors:show", query=SHOWN),
    row("GET", f"{HYPERVISOR}/uptime", hypervisor.uptime, "os-hypervisors:uptime", until=v.HYPERVISOR_FACTS_GONE),
    row("GET", f"{HYPERVISOR}/search", hypervisor.search, "os-hypervisors:search", until=v.HYPERVISOR_UUIDS),
    row("GET", f"{HYPERVISOR}/servers", hypervisor.list_servers, "os-hypervisors:servers", until=v.HYPERVISOR_UUIDS),
    row("GET", "/os-services", service.list_all, "os-services:list", query=SERVICES),
    row("PUT", "/os-services/enable", service.enable, "os-services:update", body=service_body.ACTION,
        until=v.SERVICE_UUIDS),
    row("PUT", "/os-services/disable", service.disable, "os-services:update", body=service_body.ACTION,
        until=v.SERVICE_UUIDS),
    row("PUT", "/os-services/disable-log-reason", service.disable_for_reason, "os-services:update",
        body=service_body.ACTION, until=v.SERVICE_UUIDS),
    row("PUT", "/os-services/force-down", service.force_down, "os-services:update", body=service_body.ACTION,
        since=v.SERVICE_FORCED_DOWN, until=v.SERVICE_UUIDS),
    row("PUT", "/os-services/{service_id}", service.update, "os-services:update", body=service_body.UPDATE,
        since=v.SERVICE_UUIDS),
    row("DELETE", "/os-services/{service_id}", service.delete, "os-services:delete"),
    row("GET", "/os-hosts", host.list_all, "os-hosts:list", until=v.NO_HOSTS),
    row("GET", HOST, host.show, "os-hosts:show", until=v.NO_HOSTS),
    row("PUT", HOST, host.refuse, "os-hosts:update", body=host_body.UPDATE, until=v.NO_HOSTS),
    row("GET", f"{HOST}/startup", host.refuse, "os-hosts:start", until=v.NO_HOSTS),
    row("GET", f"{HOST}/shutdown", host.refuse, "os-hosts:shutdown", until=v.NO_HOSTS),
    row("GET", f"{HOST}/reboot", host.refuse, "os-hosts:reboot", until=v.NO_HOSTS),
    row("GET", "/os-instance_usage_audit_log", audit_log.list_all, "os-instance-usage-audit-log:list"),
    row("GET", "/os-instance_usage_audit_log/{before}", audit_log.show, "os-instance-usage-audit-log:show"),
    row("GET", CONSOLE, console_token.refuse, "os-console-auth-tokens", has_secret=True,
        until=v.ANY_CONSOLE_TOKEN),
    row("GET", CONSOLE, console_token.show, "os-console-auth-tokens", has_secret=True,
        since=v.ANY_CONSOLE_TOKEN, query=Parameters(strict_since=v.SPICE_DIRECT)),
    row("GET", "/os-availability-zone", zone.list_brief, "os-availability-zone:list"),
    row("GET", "/os-availability-zone/detail", zone.list_full, "os-availability-zone:detail"),
    row("GET", "/os-aggregates", aggregate.list_all, "os-aggregates:index"),
    row("POST", "/os-aggregates", aggregate.create, "os-aggregates:create", body=aggregate_body.CREATE),
    row("GET", "/os-aggregates/{aggregate_id}", aggregate.show, "os-aggregates:show"),
    row("PUT", "/os-aggregates/{aggregate_id}", aggregate.update, "os-aggregates:update", body=aggregate_body.UPDATE),
    row("DELETE", "/os-aggregates/{aggregate_id}", aggregate.delete, "os-aggregates:delete"),
    row("POST", "/os-aggregates/{aggregate_id}/images", aggregate.cache_images, "compute:aggregates:images",
        body=aggregate_body.CACHE_IMAGES, since=v.AGGREGATE_IMAGES),
    route("POST", "/os-aggregates/{aggregate_id}/action", aggregate.run, BY_ACTION, target=Target.ROW),
)  # fmt: skip
