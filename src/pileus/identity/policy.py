"""Who may do what in identity, unless a `policy.yaml` says otherwise. Names and defaults are Keystone's.

The target holds what the database says of the thing acted upon, under `target.`; nothing of a request's body.
"""

from __future__ import annotations

_ADMIN = "rule:admin_required"
_READERS = "rule:admin_required or (role:reader and system_scope:all)"
_ANYBODY = ""

_USER_DOMAIN = "domain_id:%(target.user.domain_id)s"
_GROUP_DOMAIN = "domain_id:%(target.group.domain_id)s"
_PROJECT_DOMAIN = "domain_id:%(target.project.domain_id)s"
_MANAGERS_OF_USER = f"{_ADMIN} or (role:manager and {_USER_DOMAIN})"
_MANAGERS_OF_GROUP = f"{_ADMIN} or (role:manager and {_GROUP_DOMAIN})"
_GROUP_READERS = f"{_READERS} or (role:reader and {_GROUP_DOMAIN})"
_MANAGERS_OF_PROJECT = f"{_ADMIN} or (role:manager and {_PROJECT_DOMAIN})"
_PROJECT_READERS = f"{_READERS} or (role:reader and {_PROJECT_DOMAIN}) or project_id:%(target.project.id)s"
_DOMAIN_READERS = f"{_READERS} or (role:reader and domain_id:%(target.domain_id)s)"

_GROUP_DOMAIN = "domain_id:%(target.group.domain_id)s"
_GROUP_READERS = f"{_READERS} or (role:reader and {_GROUP_DOMAIN})"
_MANAGERS_OF_GROUP = f"{_ADMIN} or (role:manager and {_GROUP_DOMAIN})"

# Both sides of a grant must be in the caller's own domain.
_ACTOR_AT_HOME = f"({_USER_DOMAIN} or {_GROUP_DOMAIN})"
_GRANT_AT_HOME = f"{_ACTOR_AT_HOME} and ({_PROJECT_DOMAIN} or domain_id:%(target.domain.id)s)"
_ROLE_AT_HOME = "(domain_id:%(target.role.domain_id)s or None:%(target.role.domain_id)s)"
_GRANT_READERS = f"{_READERS} or (role:reader and {_GRANT_AT_HOME} and {_ROLE_AT_HOME})"
_GRANT_MANAGERS = f"{_ADMIN} or (role:manager and {_GRANT_AT_HOME} and rule:domain_managed_target_role)"

_LIMIT_READERS = (
    f"{_READERS} or domain_id:%(target.limit.domain.id)s or domain_id:%(target.limit.project.domain_id)s"
    " or (project_id:%(target.limit.project_id)s and not None:%(target.limit.project_id)s)"
)

_CREDENTIAL_OWNER = "user_id:%(target.credential.user_id)s"
_TRUSTOR = "user_id:%(target.trust.trustor_user_id)s"
_TRUSTEE = "user_id:%(target.trust.trustee_user_id)s"

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
    "identity:check_token": "(role:reader and system_scope:all) or rule:admin_required or rule:token_subject",
    "identity:list_revoke_events": "rule:service_or_admin",
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
    "identity:get_domain_config": _READERS,
    "identity:get_domain_config_default": _READERS,
    "identity:get_security_compliance_domain_config": _ANYBODY,
    "identity:create_domain_config": _ADMIN,
    "identity:update_domain_config": _ADMIN,
    "identity:delete_domain_config": _ADMIN,
    "identity:list_projects": _DOMAIN_READERS,
    "identity:get_project": _PROJECT_READERS,
    "identity:create_project": _MANAGERS_OF_PROJECT,
    "identity:update_project": _MANAGERS_OF_PROJECT,
    "identity:delete_project": _MANAGERS_OF_PROJECT,
    "identity:list_project_tags": _PROJECT_READERS,
    "identity:get_project_tag": _PROJECT_READERS,
    "identity:update_project_tags": _MANAGERS_OF_PROJECT,
    "identity:create_project_tag": _MANAGERS_OF_PROJECT,
    "identity:delete_project_tags": _MANAGERS_OF_PROJECT,
    "identity:delete_project_tag": _MANAGERS_OF_PROJECT,
    "identity:list_user_projects": f"{_READERS} or (role:reader and {_USER_DOMAIN}) or user_id:%(target.user.id)s",
    "identity:list_users": _DOMAIN_READERS,
    "identity:get_user": f"{_READERS} or (role:reader and {_USER_DOMAIN}) or user_id:%(target.user.id)s",
    "identity:create_user": _MANAGERS_OF_USER,
    "identity:update_user": _MANAGERS_OF_USER,
    "identity:delete_user": _MANAGERS_OF_USER,
    "identity:revoke_tokens_for_user": "rule:admin_required or rule:owner",
    "identity:list_groups": _GROUP_READERS,
    "identity:get_group": _GROUP_READERS,
    "identity:create_group": _MANAGERS_OF_GROUP,
    "identity:update_group": _MANAGERS_OF_GROUP,
    "identity:delete_group": _MANAGERS_OF_GROUP,
    "identity:list_groups_for_user": f"{_READERS} or (role:reader and {_USER_DOMAIN}) or rule:owner",
    "identity:list_users_in_group": _GROUP_READERS,
    "identity:check_user_in_group": f"{_READERS} or (role:reader and {_GROUP_DOMAIN} and {_USER_DOMAIN})",
    "identity:add_user_to_group": f"{_ADMIN} or (role:manager and {_GROUP_DOMAIN} and {_USER_DOMAIN})",
    "identity:remove_user_from_group": f"{_ADMIN} or (role:manager and {_GROUP_DOMAIN} and {_USER_DOMAIN})",
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
    "identity:list_implied_roles": _READERS,
    "identity:get_implied_role": _READERS,
    "identity:check_implied_role": _READERS,
    "identity:create_implied_role": _ADMIN,
    "identity:delete_implied_role": _ADMIN,
    "identity:list_role_inference_rules": _READERS,
    "identity:list_role_assignments": _DOMAIN_READERS,
    "identity:list_role_assignments_for_tree": _DOMAIN_READERS,
    "identity:list_grants": f"{_READERS} or (role:reader and {_GRANT_AT_HOME})",
    "identity:check_grant": _GRANT_READERS,
    "identity:create_grant": _GRANT_MANAGERS,
    "identity:revoke_grant": _GRANT_MANAGERS,
    "identity:list_system_grants_for_user": _READERS,
    "identity:check_system_grant_for_user": _READERS,
    "identity:create_system_grant_for_user": _ADMIN,
    "identity:revoke_system_grant_for_user": _ADMIN,
    "identity:list_system_grants_for_group": _READERS,
    "identity:check_system_grant_for_group": _READERS,
    "identity:create_system_grant_for_group": _ADMIN,
    "identity:revoke_system_grant_for_group": _ADMIN,
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
    "identity:list_endpoint_groups": _READERS,
    "identity:get_endpoint_group": _READERS,
    "identity:create_endpoint_group": _ADMIN,
    "identity:update_endpoint_group": _ADMIN,
    "identity:delete_endpoint_group": _ADMIN,
    "identity:list_endpoints_associated_with_endpoint_group": _READERS,
    "identity:list_projects_associated_with_endpoint_group": _READERS,
    "identity:list_endpoint_groups_for_project": _READERS,
    "identity:get_endpoint_group_in_project": _READERS,
    "identity:add_endpoint_group_to_project": _ADMIN,
    "identity:remove_endpoint_group_from_project": _ADMIN,
    "identity:list_endpoints_for_project": _READERS,
    "identity:list_projects_for_endpoint": _READERS,
    "identity:check_endpoint_in_project": _READERS,
    "identity:add_endpoint_to_project": _ADMIN,
    "identity:remove_endpoint_from_project": _ADMIN,
    "identity:list_policies": _READERS,
    "identity:get_policy": _READERS,
    "identity:create_policy": _ADMIN,
    "identity:update_policy": _ADMIN,
    "identity:delete_policy": _ADMIN,
    "identity:list_endpoints_for_policy": _READERS,
    "identity:get_policy_for_endpoint": _READERS,
    "identity:check_policy_association_for_endpoint": _READERS,
    "identity:create_policy_association_for_endpoint": _ADMIN,
    "identity:delete_policy_association_for_endpoint": _ADMIN,
    "identity:check_policy_association_for_service": _READERS,
    "identity:create_policy_association_for_service": _ADMIN,
    "identity:delete_policy_association_for_service": _ADMIN,
    "identity:check_policy_association_for_region_and_service": _READERS,
    "identity:create_policy_association_for_region_and_service": _ADMIN,
    "identity:delete_policy_association_for_region_and_service": _ADMIN,
    "identity:list_registered_limits": _ANYBODY,
    "identity:get_registered_limit": _ANYBODY,
    "identity:create_registered_limits": _ADMIN,
    "identity:update_registered_limit": _ADMIN,
    "identity:delete_registered_limit": _ADMIN,
    "identity:get_limit_model": _ANYBODY,
    "identity:list_limits": _ANYBODY,
    "identity:get_limit": _LIMIT_READERS,
    "identity:create_limits": _ADMIN,
    "identity:update_limit": _ADMIN,
    "identity:delete_limit": _ADMIN,
    # OS-FEDERATION
    "identity:list_identity_providers": _READERS,
    "identity:get_identity_provider": _READERS,
    "identity:create_identity_provider": _ADMIN,
    "identity:update_identity_provider": _ADMIN,
    "identity:delete_identity_provider": _ADMIN,
    "identity:list_protocols": _READERS,
    "identity:get_protocol": _READERS,
    "identity:create_protocol": _ADMIN,
    "identity:update_protocol": _ADMIN,
    "identity:delete_protocol": _ADMIN,
    "identity:list_mappings": _READERS,
    "identity:get_mapping": _READERS,
    "identity:create_mapping": _ADMIN,
    "identity:update_mapping": _ADMIN,
    "identity:delete_mapping": _ADMIN,
    "identity:list_service_providers": _READERS,
    "identity:get_service_provider": _READERS,
    "identity:create_service_provider": _ADMIN,
    "identity:update_service_provider": _ADMIN,
    "identity:delete_service_provider": _ADMIN,
    # OS-OAUTH1
    "identity:list_consumers": _READERS,
    "identity:get_consumer": _READERS,
    "identity:create_consumer": _ADMIN,
    "identity:update_consumer": _ADMIN,
    "identity:delete_consumer": _ADMIN,
    "identity:authorize_request_token": _ADMIN,
    "identity:list_access_tokens": _ADMIN,
    "identity:get_access_token": _ADMIN,
    "identity:delete_access_token": _ADMIN,
    "identity:list_access_token_roles": _ADMIN,
    "identity:get_access_token_role": _ADMIN,
    # Credentials, application credentials and trusts.
    "admin_or_owner": "rule:admin_required or rule:owner",
    "identity:get_credential": f"{_READERS} or {_CREDENTIAL_OWNER}",
    "identity:list_credentials": f"{_READERS} or {_CREDENTIAL_OWNER}",
    "identity:create_credential": f"{_ADMIN} or {_CREDENTIAL_OWNER}",
    "identity:update_credential": f"{_ADMIN} or {_CREDENTIAL_OWNER}",
    "identity:delete_credential": f"{_ADMIN} or {_CREDENTIAL_OWNER}",
    "identity:ec2_get_credential": f"{_READERS} or {_CREDENTIAL_OWNER}",
    "identity:ec2_list_credentials": f"{_READERS} or rule:owner",
    "identity:ec2_create_credential": f"{_ADMIN} or (role:member and {_CREDENTIAL_OWNER})",
    "identity:ec2_delete_credential": f"{_ADMIN} or (role:member and {_CREDENTIAL_OWNER})",
    "identity:get_application_credential": f"{_READERS} or rule:owner",
    "identity:list_application_credentials": f"{_READERS} or rule:owner",
    "identity:create_application_credential": "user_id:%(user_id)s",
    "identity:delete_application_credential": "rule:admin_or_owner",
    "identity:get_access_rule": "(role:reader and system_scope:all) or user_id:%(target.user.id)s",
    "identity:list_access_rules": "(role:reader and system_scope:all) or user_id:%(target.user.id)s",
    "identity:delete_access_rule": "(role:admin and system_scope:all) or user_id:%(target.user.id)s",
    "identity:create_trust": _TRUSTOR,
    "identity:list_trusts": _READERS,
    "identity:list_trusts_for_trustor": f"{_READERS} or {_TRUSTOR}",
    "identity:list_trusts_for_trustee": f"{_READERS} or {_TRUSTEE}",
    "identity:list_roles_for_trust": f"{_READERS} or {_TRUSTOR} or {_TRUSTEE}",
    "identity:get_role_for_trust": f"{_READERS} or {_TRUSTOR} or {_TRUSTEE}",
    "identity:delete_trust": f"{_ADMIN} or {_TRUSTOR}",
    "identity:get_trust": f"{_READERS} or {_TRUSTOR} or {_TRUSTEE}",
}

REFUSAL = "You are not authorized to perform the requested action: {rule}."
