"""What is known about servers beside themselves: groups, tags, attachments, consoles, and what was done to them."""

from __future__ import annotations

from pileus.compute.api import (
    attachment,
    external_event,
    guest,
    instance_action,
    migration,
    remote_console,
    server_group,
    server_tag,
    watch,
)
from pileus.compute.api import versions as v
from pileus.compute.api.route.row import Parameters, on_server, row
from pileus.compute.api.schema import attachment as attachment_body
from pileus.compute.api.schema import server_group as group_body
from pileus.kit.http.routes import Target, route

_TAG, _TAGS = "/tags/{tag}", "os-server-tags"
_INTERFACE, _INTERFACES = "/os-interface/{port_id}", "os-attach-interfaces"
_VOLUME, _VOLUMES = "/os-volume_attachments/{volume_id}", "os-volumes-attachments"
_SHARE, _SHARES = "/shares/{share_id}", "os-server-shares"
_GROUP, _GROUPS = "/os-server-groups/{group_id}", "os-server-groups"
ACTIONS_BY = Parameters(
    "limit", "marker", "changes-since", ("changes-before", v.CHANGES_BEFORE), strict_since=v.ACTION_PAGES
)
MIGRATIONS_BY = Parameters(
    "hidden", "host", "instance_uuid", "source_compute", "status", "migration_type", "limit", "marker", "changes-since",
    ("changes-before", v.CHANGES_BEFORE), ("user_id", v.MIGRATION_OWNER), ("project_id", v.MIGRATION_OWNER),
    strict_since=v.MIGRATION_PAGES,
)  # fmt: skip
GROUPS_BY = Parameters("all_projects", "limit", "offset", strict_since=v.STRICT_LISTS)
VOLUMES_BY = Parameters("limit", "offset", strict_since=v.STRICT_LISTS)

ROWS = (
    on_server("GET", "/tags", server_tag.show_all, f"{_TAGS}:index", since=v.SERVER_TAGS),
    on_server("PUT", "/tags", server_tag.replace, f"{_TAGS}:update_all", body=server_tag.REPLACE, since=v.SERVER_TAGS),
    on_server("DELETE", "/tags", server_tag.clear, f"{_TAGS}:delete_all", since=v.SERVER_TAGS),
    on_server("GET", _TAG, server_tag.show, f"{_TAGS}:show", since=v.SERVER_TAGS),
    on_server("PUT", _TAG, server_tag.add, f"{_TAGS}:update", since=v.SERVER_TAGS),
    on_server("DELETE", _TAG, server_tag.delete, f"{_TAGS}:delete", since=v.SERVER_TAGS),
    #
    row("GET", "/os-server-groups", server_group.list_all, f"{_GROUPS}:index", query=GROUPS_BY),
    row("POST", "/os-server-groups", server_group.create, f"{_GROUPS}:create", body=group_body.CREATE),
    row("GET", _GROUP, server_group.show, f"{_GROUPS}:show", target=Target.ROW),
    row("DELETE", _GROUP, server_group.delete, f"{_GROUPS}:delete", target=Target.ROW),
    #
    route("GET", "/servers/events", watch.of_project, "pileus:servers:watch", is_stream=True),
    route("GET", "/servers/{server_id}/events", watch.of_server, "pileus:servers:watch", target=Target.ROW,
          is_stream=True),
    on_server("GET", "/os-instance-actions", instance_action.list_all, "os-instance-actions:list", query=ACTIONS_BY),
    on_server("GET", "/os-instance-actions/{request_id}", instance_action.show, "os-instance-actions:show"),
    row("GET", "/os-migrations", migration.list_all, "os-migrations:index", query=MIGRATIONS_BY),
    on_server("GET", "/migrations", migration.list_of_server, "servers:migrations:index", since=v.SERVER_MIGRATIONS),
    on_server("GET", "/migrations/{migration_id}", migration.show, "servers:migrations:show",
              since=v.SERVER_MIGRATIONS),
    #
    on_server("GET", "/diagnostics", guest.diagnostics, "os-server-diagnostics"),
    on_server("GET", "/topology", guest.topology, "compute:server:topology:index", since=v.SERVER_TOPOLOGY),
    on_server("GET", "/os-server-password", guest.show_password, "os-server-password:show"),
    on_server("DELETE", "/os-server-password", guest.clear_password, "os-server-password:clear"),
    on_server("POST", "/remote-consoles", remote_console.create, "os-remote-consoles", body=remote_console.CREATE,
              since=v.REMOTE_CONSOLES),
    row("POST", "/os-server-external-events", external_event.create, "os-server-external-events:create",
        body=external_event.CREATE),
    #
    on_server("GET", "/ips", attachment.list_addresses, "ips:index"),
    on_server("GET", "/ips/{network}", attachment.list_addresses_on, "ips:show"),
    on_server("GET", "/os-security-groups", attachment.list_security_groups, "os-security-groups:list"),
    on_server("GET", "/os-interface", attachment.list_interfaces, f"{_INTERFACES}:list"),
    on_server("POST", "/os-interface", attachment.create_interface, f"{_INTERFACES}:create",
              body=attachment_body.CREATE_INTERFACE),
    on_server("GET", _INTERFACE, attachment.show_interface, f"{_INTERFACES}:show"),
    on_server("DELETE", _INTERFACE, attachment.delete_interface, f"{_INTERFACES}:delete"),
    on_server("GET", "/os-volume_attachments", attachment.list_volumes, f"{_VOLUMES}:index", query=VOLUMES_BY),
    on_server("POST", "/os-volume_attachments", attachment.create_volume, f"{_VOLUMES}:create",
              body=attachment_body.CREATE_VOLUME),
    on_server("GET", _VOLUME, attachment.show_volume, f"{_VOLUMES}:show"),
    on_server("PUT", _VOLUME, attachment.update_volume, f"{_VOLUMES}:update", body=attachment_body.UPDATE_VOLUME),
    on_server("DELETE", _VOLUME, attachment.delete_volume, f"{_VOLUMES}:delete"),
    on_server("GET", "/shares", attachment.list_shares, f"{_SHARES}:index", since=v.SERVER_SHARES),
    on_server("POST", "/shares", attachment.create_share, f"{_SHARES}:create", body=attachment_body.CREATE_SHARE,
              since=v.SERVER_SHARES),
    on_server("GET", _SHARE, attachment.show_share, f"{_SHARES}:show", since=v.SERVER_SHARES),
    on_server("DELETE", _SHARE, attachment.delete_share, f"{_SHARES}:delete", since=v.SERVER_SHARES),
    row("POST", "/os-assisted-volume-snapshots", attachment.create_snapshot, "os-assisted-volume-snapshots:create",
        body=attachment_body.CREATE_SNAPSHOT),
    row("DELETE", "/os-assisted-volume-snapshots/{snapshot_id}", attachment.delete_snapshot,
        "os-assisted-volume-snapshots:delete"),
)  # fmt: skip
