"""What users and projects have: key pairs, limits and quotas, usage; and the list of extensions."""

from __future__ import annotations

from pileus.compute.api import document, extension, keypair, limit, quota, usage
from pileus.compute.api import versions as v
from pileus.compute.api.route.row import Parameters, row
from pileus.compute.api.schema import keypair as keypair_body
from pileus.compute.api.schema import quota as quota_body
from pileus.kit.http.routes import Target, route

OF_USER = Parameters("user_id", strict_since=v.STRICT_LISTS)

QUOTA = "/os-quota-sets/{project_id}"

ROWS = (
    row("GET", "/os-keypairs", keypair.list_all, "os-keypairs:index", target=Target.ROW,
        query=Parameters("user_id", "limit", "marker", strict_since=v.STRICT_LISTS)),
    row("POST", "/os-keypairs", keypair.create, "os-keypairs:create", target=Target.ROW, body=keypair_body.CREATE),
    row("GET", "/os-keypairs/{name}", keypair.show, "os-keypairs:show", target=Target.ROW, query=OF_USER),
    row("DELETE", "/os-keypairs/{name}", keypair.delete, "os-keypairs:delete", target=Target.ROW, query=OF_USER),
    row("GET", "/limits", limit.show, "limits", query=Parameters("tenant_id", strict_since=v.STRICT_LISTS)),
    row("GET", QUOTA, quota.show, "os-quota-sets:show", target=Target.ROW, query=OF_USER),
    row("PUT", QUOTA, quota.update, "os-quota-sets:update", target=Target.ROW, body=quota_body.UPDATE, query=OF_USER),
    row("DELETE", QUOTA, quota.reset, "os-quota-sets:delete", target=Target.ROW, query=OF_USER),
    row("GET", f"{QUOTA}/defaults", quota.show_defaults, "os-quota-sets:defaults"),
    row("GET", f"{QUOTA}/detail", quota.show_detail, "os-quota-sets:detail", target=Target.ROW, query=OF_USER),
    row("GET", "/os-quota-class-sets/{class_name}", quota.show_class, "os-quota-class-sets:show"),
    row("PUT", "/os-quota-class-sets/{class_name}", quota.update_class, "os-quota-class-sets:update",
        body=quota_body.UPDATE_CLASS),
    row("GET", "/os-simple-tenant-usage", usage.list_all, "os-simple-tenant-usage:list",
        query=Parameters("start", "end", "detailed", "limit", "marker", strict_since=v.STRICT_LISTS)),
    row("GET", "/os-simple-tenant-usage/{project_id}", usage.show, "os-simple-tenant-usage:show", target=Target.ROW,
        query=Parameters("start", "end", "limit", "marker", strict_since=v.STRICT_LISTS)),
    row("GET", "/extensions", extension.list_all, "extensions"),
    row("GET", "/extensions/{alias}", extension.show, "extensions"),
    route("GET", "/versions/{version_id}", document.show_named, "os_compute_api:versions"),  # any query will do
)  # fmt: skip
