"""For tokens of which scope each rule is, whatever its text says: the scope types of Keystone's rules."""

from __future__ import annotations

from pileus.kit.policy import ANY_SCOPE, PROJECT_SCOPE

_NOT_FOR_DOMAINS = frozenset({"project", "system"})

# An administrator of a domain carries the role that most rules ask for: what is not of his domain is not listed here.
_FOR_ALL = """
    get_auth_catalog get_auth_projects get_auth_domains get_auth_system
    check_token validate_token revoke_token revoke_tokens_for_user
    get_credential list_credentials create_credential update_credential delete_credential
    get_domain list_domains get_security_compliance_domain_config
    check_grant list_grants create_grant revoke_grant
    get_group list_groups list_groups_for_user create_group update_group delete_group
    list_users_in_group remove_user_from_group check_user_in_group add_user_to_group
    get_limit_model get_limit list_limits get_registered_limit list_registered_limits
    get_project list_projects list_user_projects create_project update_project delete_project
    list_project_tags get_project_tag update_project_tags create_project_tag delete_project_tags delete_project_tag
    get_region list_regions
    get_role list_roles list_role_assignments list_role_assignments_for_tree
    get_user list_users create_user update_user delete_user
"""
_FOR_PROJECTS = """
    authorize_request_token get_access_token get_access_token_role
    list_access_tokens list_access_token_roles delete_access_token
    create_application_credential create_trust
"""

_SCOPES = {
    **{f"identity:{name}": ANY_SCOPE for name in _FOR_ALL.split()},
    **{f"identity:{name}": PROJECT_SCOPE for name in _FOR_PROJECTS.split()},
}


def scopes_of(rule: str) -> frozenset[str]:
    """Return the scopes of tokens that a rule is for."""
    return _SCOPES.get(rule, _NOT_FOR_DOMAINS)
