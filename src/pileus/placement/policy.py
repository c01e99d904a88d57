"""Who may do what in placement, unless the operator's policy file says otherwise."""

from __future__ import annotations

ADMIN = "rule:admin_or_service"
"""Placement serves other services; people see it through them."""

DEFAULTS: dict[str, str] = {
    "in_a_project": "not system_scope:all",  # a token for the whole system says nothing here
    "admin_or_service": "(role:admin or role:service) and rule:in_a_project",
    "project_reader": "role:reader and project_id:%(project_id)s",
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
    "placement:usages": "rule:admin_or_service or rule:project_reader",
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
    "placement:reshaper:reshape": "role:service and rule:in_a_project",
}

REFUSAL = "Policy does not allow {rule} to be performed."
