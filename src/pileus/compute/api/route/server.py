"""Servers and what stands below one of them."""

from __future__ import annotations

from pileus.compute.api import server, server_create, server_metadata, server_query
from pileus.compute.api import versions as v
from pileus.compute.api.route.row import Parameters, on_server, row
from pileus.compute.api.schema import server as server_body
from pileus.compute.api.schema import server_create as create_body

LISTED_BY = Parameters(
    "user_id", "project_id", "tenant_id", "launch_index", "image_ref", "image", "kernel_id", "ramdisk_id", "hostname",
    "key_name", "power_state", "vm_state", "task_state", "host", "node", "flavor", "reservation_id", "launched_at",
    "terminated_at", "availability_zone", "name", "display_name", "description", "display_description", "locked_by",
    "uuid", "root_device_name", "config_drive", "access_ip_v4", "access_ip_v6", "auto_disk_config", "progress",
    "sort_key", "sort_dir", "all_tenants", "soft_deleted", "deleted", "status", "changes-since", "changes-before", "ip",
    "ip6", "created_at", "tags", "tags-any", "not-tags", "not-tags-any", "locked", "limit", "marker",
    *server_query.OF_OTHER_TABLES,  # which are refused in other words
    strict_since=v.STRICT_LISTS,
)  # fmt: skip

ROWS = (
    row("GET", "/servers", server.list_brief, "servers:index", query=LISTED_BY),
    row("GET", "/servers/detail", server.list_full, "servers:detail", query=LISTED_BY),
    row("POST", "/servers", server_create.create, "servers:create", body=create_body.CREATE),
    on_server("GET", "", server.show, "servers:show", is_instant=True),
    on_server("PUT", "", server.update, "servers:update", body=create_body.UPDATE),
    on_server("DELETE", "", server.delete, "servers:delete"),
    on_server("GET", "/metadata", server_metadata.show_all, "server-metadata:index"),
    on_server("POST", "/metadata", server_metadata.merge, "server-metadata:create", body=server_body.METADATA),
    on_server("PUT", "/metadata", server_metadata.replace, "server-metadata:update_all", body=server_body.METADATA),
    on_server("GET", "/metadata/{key}", server_metadata.show, "server-metadata:show"),
    on_server("PUT", "/metadata/{key}", server_metadata.update, "server-metadata:update", body=server_body.META),
    on_server("DELETE", "/metadata/{key}", server_metadata.delete, "server-metadata:delete"),
)  # fmt: skip
