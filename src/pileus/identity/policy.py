"""Who may do what in identity, unless a `policy.yaml` says otherwise. Names and defaults are Keystone's.

The target holds what the database says of the thing acted upon, under `target.`; nothing of a request's body.
"""

from __future__ import annotations

_ADMIN = "rule:admin_required"
_READERS = "rule:admin_required or (role:reader and system_scope:all)"
_ANYBODY = ""

_USER_DOMAIN = "domain_id:%(target.user.domain_id)s"
_PROJECT_DOMAIN = "domain_id:%(target.project.domain_id)s"
_MANAGERS_OF_USER = f"{_ADMIN} or (role:manager and {_USER_DOMAIN})"
_MANAGERS_OF_PROJECT = f"{_ADMIN} or (role:manager and {_PROJECT_DOMAIN})"
_DOMAIN_READERS = f"{_READERS} or (role:reader and domain_id:%(target.domain_id)s)"

# Both sides of a grant must be in the caller's own domain.
_GRANT_AT_HOME = f"{_USER_DOMAIN} and ({_PROJECT_DOMAIN} or domain_id:%(target.domain.id)s)"
_ROLE_AT_HOME = "(domain_id:%(target.role.domain_id)s or None:%(target.role.domain_id)s)"
_GRANT_READERS = f"{_READERS} or (role:reader and {_GRANT_AT_HOME} and {_ROLE_AT_HOME})"
_GRANT_MANAGERS = f"{_ADMIN} or (role:manager and {_GRANT_AT_HOME} and rule:domain_managed_target_role)"

DEFAULTS = {
    "admin_required": "role:admin or is_admin:1",
    "service_role": "role:service",
    "owner": "user_id:%(user_id)s",
    "token_subject": "user_id:%(target.token.user_id)s",
    "service_or_admin": "rule:admin_required or rule:service_role",
    "domain_managed_target_role": (
        "'manager':%(target.role.name)s or 'member':%(target.role.name)s or 'reader':%(target.role.name)s"
    ),
    "identity:validate_token": "(role:reader and system_scope:all) or rule:service_or_admin or rule:token_subject",
    "identity:revoke_token": f"{_ADMIN} or rule:token_subject",
    "identity:get_auth_catalog": _ANYBODY,
    "identity:get_auth_projects": _ANYBODY,
    "identity:get_auth_domains": _ANYBODY,
    "identity:get_auth_system": _ANYBODY,
    "identity:list_domains": f"{_READERS} or (role:reader and domain_id:%(target.domain.id)s)",
    "identity:get_domain": f"{_READERS} or domain_id:%(target.domain.id)s or project_domain_id:%(target.domain.id)s",
    "identity:create_domain": _ADMIN,
    "identity:update_domain": _ADMIN,
    "identity:delete_domain": _ADMIN,
    "identity:list_projects": _DOMAIN_READERS,
    "identity:get_project": f"{_READERS} or (role:reader and {_PROJECT_DOMAIN}) or project_id:%(target.project.id)s",
    "identity:create_project": _MANAGERS_OF_PROJECT,
    "identity:update_project": _MANAGERS_OF_PROJECT,
    "identity:delete_project": _MANAGERS_OF_PROJECT,
    "identity:list_user_projects": f"{_READERS} or (role:reader and {_USER_DOMAIN}) or user_id:%(target.user.id)s",
    "identity:list_users": _DOMAIN_READERS,
    "identity:get_user": f"{_READERS} or (role:reader and {_USER_DOMAIN}) or user_id:%(target.user.id)s",
    "identity:create_user": _MANAGERS_OF_USER,
    "identity:update_user": _MANAGERS_OF_USER,
    "identity:delete_user": _MANAGERS_OF_USER,
    "identity:list_roles": f"{_READERS} or (role:manager and domain_id:%(domain_id)s)",
    "identity:get_role": f"{_READERS} or (role:manager and rule:domain_managed_target_role)",
    "identity:create_role": _ADMIN,
    "identity:update_role": _ADMIN,
    "identity:delete_role": _ADMIN,
    "identity:list_domain_roles": _READERS,
    "identity:get_domain_role": _READERS,
    "identity:create_domain_role": _ADMIN,
    "identity:update_domain_role": _ADMIN,
    "identity:delete_domain_role": _ADMIN,
    "identity:list_role_assignments": _DOMAIN_READERS,
    "identity:list_grants": f"{_READERS} or (role:reader and {_GRANT_AT_HOME})",
    "identity:check_grant": _GRANT_READERS,
    "identity:create_grant": _GRANT_MANAGERS,
    "identity:revoke_grant": _GRANT_MANAGERS,
    "identity:list_system_grants_for_user": _READERS,
    "identity:check_system_grant_for_user": _READERS,
    "identity:create_system_grant_for_user": _ADMIN,
    "identity:revoke_system_grant_for_user": _ADMIN,
    "identity:list_regions": _ANYBODY,
    "identity:get_region": _ANYBODY,
    "identity:create_region": _ADMIN,
    "identity:update_region": _ADMIN,
    "identity:delete_region": _ADMIN,
    "identity:list_services": _READERS,
    "identity:get_service": _READERS,
    "identity:create_service": _ADMIN,
    "identity:update_service": _ADMIN,
    "identity:delete_service": _ADMIN,
    "identity:list_endpoints": _READERS,
    "identity:get_endpoint": _READERS,
    "identity:create_endpoint": _ADMIN,
    "identity:update_endpoint": _ADMIN,
    "identity:delete_endpoint": _ADMIN,
}

REFUSAL = "You are not authorized to perform the requested action: {rule}."
