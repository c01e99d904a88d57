"""Who may do what in placement, unless the operator's policy file says otherwise."""

from __future__ import annotations

ADMIN = "rule:admin_or_service_api"
"""Placement serves other services; people see it through them."""

DEFAULTS: dict[str, str] = {
    "admin_api": "role:admin",
    "service_api": "role:service",
    "admin_or_service_api": "role:admin or role:service",
    "project_reader_api": "role:reader and project_id:%(project_id)s",
    "admin_or_project_reader_or_service_api": "role:admin or rule:project_reader_api or role:service",
    "placement:resource_providers:list": ADMIN,
    "placement:resource_providers:create": ADMIN,
    "placement:resource_providers:show": ADMIN,
    "placement:resource_providers:update": ADMIN,
    "placement:resource_providers:delete": ADMIN,
    "placement:resource_classes:list": ADMIN,
    "placement:resource_classes:create": ADMIN,
    "placement:resource_classes:show": ADMIN,
    "placement:resource_classes:update": ADMIN,
    "placement:resource_classes:delete": ADMIN,
    "placement:resource_providers:inventories:list": ADMIN,
    "placement:resource_providers:inventories:create": ADMIN,
    "placement:resource_providers:inventories:show": ADMIN,
    "placement:resource_providers:inventories:update": ADMIN,
    "placement:resource_providers:inventories:delete": ADMIN,
    "placement:resource_providers:aggregates:list": ADMIN,
    "placement:resource_providers:aggregates:update": ADMIN,
    "placement:resource_providers:usages": ADMIN,
    "placement:usages": "rule:admin_or_project_reader_or_service_api",
    "placement:traits:list": ADMIN,
    "placement:traits:show": ADMIN,
    "placement:traits:update": ADMIN,
    "placement:traits:delete": ADMIN,
    "placement:resource_providers:traits:list": ADMIN,
    "placement:resource_providers:traits:update": ADMIN,
    "placement:resource_providers:traits:delete": ADMIN,
    "placement:allocations:manage": ADMIN,
    "placement:allocations:list": ADMIN,
    "placement:allocations:update": ADMIN,
    "placement:allocations:delete": ADMIN,
    "placement:resource_providers:allocations:list": ADMIN,
    "placement:allocation_candidates:list": ADMIN,
    "placement:reshaper:reshape": "rule:service_api",
}

OLD_DEFAULTS = DEFAULTS | {
    name: f"({DEFAULTS[name]}) or role:admin"
    for name in (
        "service_api",
        "admin_or_service_api",
        "project_reader_api",
        "admin_or_project_reader_or_service_api",
    )
}
"""The defaults while an administrator may still do what only services shall: reshape."""

REFUSAL = "Policy does not allow {rule} to be performed."
