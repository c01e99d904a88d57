"""Who may do what in identity, unless a `policy.yaml` says otherwise. Names and defaults are Keystone's.

The target holds what the database says of the thing acted upon, under `target.`; nothing of a request's body.
"""

from __future__ import annotations

_READERS = "rule:admin_required or (role:reader and system_scope:all)"
_ANYBODY = ""

DEFAULTS = {
    "admin_required": "role:admin",
    "service_role": "role:service",
    "owner": "user_id:%(user_id)s",
    "token_subject": "user_id:%(target.token.user_id)s",
    "service_or_admin": "rule:admin_required or rule:service_role",
    "identity:validate_token": "(role:reader and system_scope:all) or rule:service_or_admin or rule:token_subject",
    "identity:revoke_token": "rule:admin_required or rule:token_subject",
    "identity:get_auth_catalog": _ANYBODY,
    "identity:get_auth_projects": _ANYBODY,
    "identity:get_auth_domains": _ANYBODY,
    "identity:get_auth_system": _ANYBODY,
    "identity:list_domains": f"{_READERS} or (role:reader and domain_id:%(domain_id)s)",
    "identity:get_domain": (
        f"{_READERS} or domain_id:%(target.domain.id)s or project_domain_id:%(target.domain.id)s"
        " or user_domain_id:%(target.domain.id)s"
    ),
    "identity:create_domain": "rule:admin_required",
    "identity:update_domain": "rule:admin_required",
    "identity:delete_domain": "rule:admin_required",
    "identity:list_projects": _READERS,
    "identity:get_project": (
        f"{_READERS} or (role:reader and domain_id:%(target.project.domain_id)s) or project_id:%(target.project.id)s"
    ),
    "identity:create_project": "rule:admin_required",
    "identity:update_project": "rule:admin_required",
    "identity:delete_project": "rule:admin_required",
    "identity:list_user_projects": (
        f"{_READERS} or (role:reader and domain_id:%(target.user.domain_id)s) or user_id:%(target.user.id)s"
    ),
    "identity:list_users": _READERS,
    "identity:get_user": (
        f"{_READERS} or (role:reader and domain_id:%(target.user.domain_id)s) or user_id:%(target.user.id)s"
    ),
    "identity:create_user": "rule:admin_required",
    "identity:update_user": "rule:admin_required",
    "identity:delete_user": "rule:admin_required",
    "identity:list_roles": f"{_READERS} or role:manager",
    "identity:get_role": f"{_READERS} or role:manager",
    "identity:create_role": "rule:admin_required",
    "identity:update_role": "rule:admin_required",
    "identity:delete_role": "rule:admin_required",
    "identity:list_role_assignments": _READERS,
    "identity:list_grants": _READERS,
    "identity:check_grant": _READERS,
    "identity:create_grant": "rule:admin_required",
    "identity:revoke_grant": "rule:admin_required",
    "identity:list_regions": _ANYBODY,
    "identity:get_region": _ANYBODY,
    "identity:create_region": "rule:admin_required",
    "identity:update_region": "rule:admin_required",
    "identity:delete_region": "rule:admin_required",
    "identity:list_services": _READERS,
    "identity:get_service": _READERS,
    "identity:create_service": "rule:admin_required",
    "identity:update_service": "rule:admin_required",
    "identity:delete_service": "rule:admin_required",
    "identity:list_endpoints": _READERS,
    "identity:get_endpoint": _READERS,
    "identity:create_endpoint": "rule:admin_required",
    "identity:update_endpoint": "rule:admin_required",
    "identity:delete_endpoint": "rule:admin_required",
}
