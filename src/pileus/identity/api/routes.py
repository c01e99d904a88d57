"""Identity's API, a row for each route."""

# ruff: noqa: E501 (a row stays on one line)

from __future__ import annotations

from pileus.identity.api import (
    access_rule,
    application_credential,
    assignment,
    catalog,
    credential,
    discovery,
    domain,
    domain_config,
    ec2,
    endpoint_filter,
    federation,
    group,
    implied_role,
    limit,
    oauth1,
    policy,
    project,
    role,
    role_assignment,
    schema,
    schema_catalog,
    schema_credential,
    schema_federation,
    schema_limit,
    schema_user,
    tag,
    token,
    trust,
    user,
)
from pileus.identity.backend import Backend
from pileus.kit.http.routes import PUBLIC, RouteTable, Target, route

ROW = Target.ROW

ROUTES: RouteTable[Backend] = RouteTable([
    route("GET", "/", discovery.list_versions, PUBLIC, is_instant=True),
    route("GET", "/v3", discovery.show_version, PUBLIC, is_instant=True),

    route("POST", "/v3/auth/tokens", token.issue, PUBLIC, body=schema.AUTHENTICATE, is_instant=True),
    route("GET", "/v3/auth/tokens", token.validate, "identity:validate_token", target=ROW, is_instant=True),
    route("HEAD", "/v3/auth/tokens", token.validate, "identity:check_token", target=ROW, is_instant=True),
    route("DELETE", "/v3/auth/tokens", token.revoke, "identity:revoke_token", target=ROW),
    route("GET", "/v3/auth/catalog", token.show_catalog, "identity:get_auth_catalog", is_instant=True),
    route("GET", "/v3/auth/projects", token.list_projects, "identity:get_auth_projects"),
    route("GET", "/v3/auth/domains", token.list_domains, "identity:get_auth_domains"),
    route("GET", "/v3/auth/system", token.list_systems, "identity:get_auth_system"),
    route("GET", "/v3/OS-REVOKE/events", token.list_revocations, "identity:list_revoke_events"),

    route("GET", "/v3/domains", domain.index, "identity:list_domains", target=ROW),
    route("POST", "/v3/domains", domain.create, "identity:create_domain", body=schema.DOMAIN_CREATE),
    route("GET", "/v3/domains/{domain_id}", domain.show, "identity:get_domain", target=ROW),
    route("PATCH", "/v3/domains/{domain_id}", domain.update, "identity:update_domain", body=schema.DOMAIN_UPDATE, target=ROW),
    route("DELETE", "/v3/domains/{domain_id}", domain.delete, "identity:delete_domain"),

    route("GET", "/v3/domains/config/default", domain_config.show_default, "identity:get_domain_config_default"),
    route("GET", "/v3/domains/config/{group}/default", domain_config.show_default, "identity:get_domain_config_default"),
    route("GET", "/v3/domains/config/{group}/{option}/default", domain_config.show_default, "identity:get_domain_config_default"),
    route("PUT", "/v3/domains/{domain_id}/config", domain_config.replace, "identity:create_domain_config", body=schema.DOMAIN_CONFIG),
    *(
        row
        for path in (f"/v3/domains/{{domain_id}}/config{end}" for end in ("", "/{group}", "/{group}/{option}"))
        for row in (
            route("GET", path, domain_config.show, "identity:get_domain_config", target=ROW),
            route("PATCH", path, domain_config.update, "identity:update_domain_config", body=schema.DOMAIN_CONFIG),
            route("DELETE", path, domain_config.delete, "identity:delete_domain_config"),
        )
    ),

    route("GET", "/v3/projects", project.index, "identity:list_projects", target=ROW),
    route("POST", "/v3/projects", project.create, "identity:create_project", body=schema.PROJECT_CREATE, target=ROW),
    route("GET", "/v3/projects/{project_id}", project.show, "identity:get_project", target=ROW),
    route("PATCH", "/v3/projects/{project_id}", project.update, "identity:update_project", body=schema.PROJECT_UPDATE, target=ROW),
    route("DELETE", "/v3/projects/{project_id}", project.delete, "identity:delete_project", target=ROW),

    route("GET", "/v3/projects/{project_id}/tags", tag.index, "identity:list_project_tags", target=ROW),
    route("PUT", "/v3/projects/{project_id}/tags", tag.replace, "identity:update_project_tags", body=schema.PROJECT_TAGS, target=ROW),
    route("DELETE", "/v3/projects/{project_id}/tags", tag.clear, "identity:delete_project_tags", target=ROW),
    route("GET", "/v3/projects/{project_id}/tags/{tag}", tag.check, "identity:get_project_tag", target=ROW),
    route("PUT", "/v3/projects/{project_id}/tags/{tag}", tag.add, "identity:create_project_tag", target=ROW),
    route("DELETE", "/v3/projects/{project_id}/tags/{tag}", tag.remove, "identity:delete_project_tag", target=ROW),

    route("GET", "/v3/users", user.index, "identity:list_users", target=ROW),
    route("POST", "/v3/users", user.create, "identity:create_user", body=schema_user.USER_CREATE, target=ROW),
    route("GET", "/v3/users/{user_id}", user.show, "identity:get_user", target=ROW),
    route("PATCH", "/v3/users/{user_id}", user.update, "identity:update_user", body=schema_user.USER_UPDATE, target=ROW),
    route("DELETE", "/v3/users/{user_id}", user.delete, "identity:delete_user", target=ROW),
    route("POST", "/v3/users/{user_id}/password", user.change_password, PUBLIC, body=schema_user.PASSWORD_CHANGE),
    route("DELETE", "/v3/users/{user_id}/tokens", user.revoke_tokens, "identity:revoke_tokens_for_user", target=ROW),
    route("GET", "/v3/users/{user_id}/groups", group.index_of_user, "identity:list_groups_for_user", target=ROW),
    route("GET", "/v3/users/{user_id}/projects", project.index_of_user, "identity:list_user_projects", target=ROW),

    route("GET", "/v3/groups", group.index, "identity:list_groups", target=ROW),
    route("POST", "/v3/groups", group.create, "identity:create_group", body=schema_user.GROUP_CREATE, target=ROW),
    route("GET", "/v3/groups/{group_id}", group.show, "identity:get_group", target=ROW),
    route("PATCH", "/v3/groups/{group_id}", group.update, "identity:update_group", body=schema_user.GROUP_UPDATE, target=ROW),
    route("DELETE", "/v3/groups/{group_id}", group.delete, "identity:delete_group", target=ROW),
    route("GET", "/v3/groups/{group_id}/users", user.index_of_group, "identity:list_users_in_group", target=ROW),
    route("GET", "/v3/groups/{group_id}/users/{user_id}", group.check_member, "identity:check_user_in_group", target=ROW),
    route("PUT", "/v3/groups/{group_id}/users/{user_id}", group.add_member, "identity:add_user_to_group", target=ROW),
    route("DELETE", "/v3/groups/{group_id}/users/{user_id}", group.remove_member, "identity:remove_user_from_group", target=ROW),

    route("GET", "/v3/roles", role.index, "identity:list_roles", target=ROW),
    route("POST", "/v3/roles", role.create, "identity:create_role", body=schema.ROLE_CREATE, target=ROW),
    route("GET", "/v3/roles/{role_id}", role.show, "identity:get_role", target=ROW),
    route("PATCH", "/v3/roles/{role_id}", role.update, "identity:update_role", body=schema.ROLE_UPDATE, target=ROW),
    route("DELETE", "/v3/roles/{role_id}", role.delete, "identity:delete_role", target=ROW),
    route("GET", "/v3/roles/{prior_role_id}/implies", implied_role.list_implied, "identity:list_implied_roles"),
    route("GET", "/v3/roles/{prior_role_id}/implies/{implied_role_id}", implied_role.show, "identity:get_implied_role"),
    route("PUT", "/v3/roles/{prior_role_id}/implies/{implied_role_id}", implied_role.imply, "identity:create_implied_role"),
    route("DELETE", "/v3/roles/{prior_role_id}/implies/{implied_role_id}", implied_role.stop_implying, "identity:delete_implied_role"),
    route("GET", "/v3/role_inferences", implied_role.index, "identity:list_role_inference_rules"),

    route("GET", "/v3/role_assignments", role_assignment.index, "identity:list_role_assignments", target=ROW),
    *(
        row
        for place, end, list_rule, rule in (
            ("/v3/projects/{project_id}", "", "list_grants", "{}_grant"),
            ("/v3/domains/{domain_id}", "", "list_grants", "{}_grant"),
            ("/v3/OS-INHERIT/projects/{project_id}", "/inherited_to_projects", None, "{}_grant"),
            ("/v3/OS-INHERIT/domains/{domain_id}", "/inherited_to_projects", "list_grants", "{}_grant"),
            ("/v3/system", "", "list_system_grants_for_{}", "{}_system_grant_for_{}"),
        )
        for actor in ("user", "group")
        for roles in (f"{place}/{actor}s/{{{actor}_id}}/roles",)
        for path in (f"{roles}/{{role_id}}{end}",)
        for row in (
            *([route("GET", f"{roles}{end}", assignment.list_roles, f"identity:{list_rule.format(actor)}", target=ROW)] if list_rule else []),
            route("GET", path, assignment.check, f"identity:{rule.format('check', actor)}", target=ROW),
            route("PUT", path, assignment.grant, f"identity:{rule.format('create', actor)}", target=ROW),
            route("DELETE", path, assignment.revoke, f"identity:{rule.format('revoke', actor)}", target=ROW),
        )
    ),

    route("GET", "/v3/regions", catalog.list_regions, "identity:list_regions"),
    route("POST", "/v3/regions", catalog.create_region, "identity:create_region", body=schema.REGION_CREATE),
    route("GET", "/v3/regions/{region_id}", catalog.show_region, "identity:get_region"),
    route("PUT", "/v3/regions/{region_id}", catalog.create_region, "identity:create_region", body=schema.REGION_CREATE),
    route("PATCH", "/v3/regions/{region_id}", catalog.update_region, "identity:update_region", body=schema.REGION_UPDATE),
    route("DELETE", "/v3/regions/{region_id}", catalog.delete_region, "identity:delete_region"),

    route("GET", "/v3/services", catalog.list_services, "identity:list_services"),
    route("POST", "/v3/services", catalog.create_service, "identity:create_service", body=schema.SERVICE_CREATE),
    route("GET", "/v3/services/{service_id}", catalog.show_service, "identity:get_service"),
    route("PATCH", "/v3/services/{service_id}", catalog.update_service, "identity:update_service", body=schema.SERVICE_UPDATE),
    route("DELETE", "/v3/services/{service_id}", catalog.delete_service, "identity:delete_service"),

    route("GET", "/v3/endpoints", catalog.list_endpoints, "identity:list_endpoints"),
    route("POST", "/v3/endpoints", catalog.create_endpoint, "identity:create_endpoint", body=schema.ENDPOINT_CREATE),
    route("GET", "/v3/endpoints/{endpoint_id}", catalog.show_endpoint, "identity:get_endpoint"),
    route("PATCH", "/v3/endpoints/{endpoint_id}", catalog.update_endpoint, "identity:update_endpoint", body=schema.ENDPOINT_UPDATE),
    route("DELETE", "/v3/endpoints/{endpoint_id}", catalog.delete_endpoint, "identity:delete_endpoint"),

    route("GET", "/v3/OS-EP-FILTER/endpoint_groups", endpoint_filter.list_groups, "identity:list_endpoint_groups"),
    route("POST", "/v3/OS-EP-FILTER/endpoint_groups", endpoint_filter.create_group, "identity:create_endpoint_group", body=schema_catalog.ENDPOINT_GROUP_CREATE),
    route("GET", "/v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}", endpoint_filter.show_group, "identity:get_endpoint_group"),
    route("PATCH", "/v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}", endpoint_filter.update_group, "identity:update_endpoint_group", body=schema_catalog.ENDPOINT_GROUP_UPDATE),
    route("DELETE", "/v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}", endpoint_filter.delete_group, "identity:delete_endpoint_group"),
    route("GET", "/v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}/endpoints", endpoint_filter.list_endpoints_of_group, "identity:list_endpoints_associated_with_endpoint_group"),
    route("GET", "/v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}/projects", endpoint_filter.list_projects_of_group, "identity:list_projects_associated_with_endpoint_group"),
    route("GET", "/v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}/projects/{project_id}", endpoint_filter.show_group_given, "identity:get_endpoint_group_in_project"),
    route("PUT", "/v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}/projects/{project_id}", endpoint_filter.give_group, "identity:add_endpoint_group_to_project"),
    route("DELETE", "/v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}/projects/{project_id}", endpoint_filter.take_group, "identity:remove_endpoint_group_from_project"),
    route("GET", "/v3/OS-EP-FILTER/projects/{project_id}/endpoint_groups", endpoint_filter.list_groups_of_project, "identity:list_endpoint_groups_for_project"),
    route("GET", "/v3/OS-EP-FILTER/projects/{project_id}/endpoints", endpoint_filter.list_endpoints_of_project, "identity:list_endpoints_for_project"),
    route("GET", "/v3/OS-EP-FILTER/projects/{project_id}/endpoints/{endpoint_id}", endpoint_filter.check, "identity:check_endpoint_in_project"),
    route("PUT", "/v3/OS-EP-FILTER/projects/{project_id}/endpoints/{endpoint_id}", endpoint_filter.give, "identity:add_endpoint_to_project"),
    route("DELETE", "/v3/OS-EP-FILTER/projects/{project_id}/endpoints/{endpoint_id}", endpoint_filter.take, "identity:remove_endpoint_from_project"),
    route("GET", "/v3/OS-EP-FILTER/endpoints/{endpoint_id}/projects", endpoint_filter.list_projects_of_endpoint, "identity:list_projects_for_endpoint"),

    route("GET", "/v3/policies", policy.index, "identity:list_policies"),
    route("POST", "/v3/policies", policy.create, "identity:create_policy", body=schema_catalog.POLICY_CREATE),
    route("GET", "/v3/policies/{policy_id}", policy.show, "identity:get_policy"),
    route("PATCH", "/v3/policies/{policy_id}", policy.update, "identity:update_policy", body=schema_catalog.POLICY_UPDATE),
    route("DELETE", "/v3/policies/{policy_id}", policy.delete, "identity:delete_policy"),
    route("GET", "/v3/policies/{policy_id}/OS-ENDPOINT-POLICY/endpoints", policy.list_endpoints, "identity:list_endpoints_for_policy"),
    route("GET", "/v3/endpoints/{endpoint_id}/OS-ENDPOINT-POLICY/policy", policy.show_of_endpoint, "identity:get_policy_for_endpoint"),
    *(
        row
        for place, kind in (
            ("endpoints/{endpoint_id}", "endpoint"),
            ("services/{service_id}", "service"),
            ("services/{service_id}/regions/{region_id}", "region_and_service"),
        )
        for path in (f"/v3/policies/{{policy_id}}/OS-ENDPOINT-POLICY/{place}",)
        for row in (
            route("GET", path, policy.check, f"identity:check_policy_association_for_{kind}"),
            route("PUT", path, policy.associate, f"identity:create_policy_association_for_{kind}"),
            route("DELETE", path, policy.dissociate, f"identity:delete_policy_association_for_{kind}"),
        )
    ),

    route("GET", "/v3/registered_limits", limit.list_registered, "identity:list_registered_limits"),
    route("POST", "/v3/registered_limits", limit.create_registered, "identity:create_registered_limits", body=schema_limit.REGISTERED_LIMITS_CREATE),
    route("GET", "/v3/registered_limits/{registered_limit_id}", limit.show_registered, "identity:get_registered_limit"),
    route("PATCH", "/v3/registered_limits/{registered_limit_id}", limit.update_registered, "identity:update_registered_limit", body=schema_limit.REGISTERED_LIMIT_UPDATE),
    route("DELETE", "/v3/registered_limits/{registered_limit_id}", limit.delete_registered, "identity:delete_registered_limit"),
    route("GET", "/v3/limits", limit.index, "identity:list_limits"),
    route("POST", "/v3/limits", limit.create, "identity:create_limits", body=schema_limit.LIMITS_CREATE),
    route("GET", "/v3/limits/model", limit.show_model, "identity:get_limit_model"),
    route("GET", "/v3/limits/{limit_id}", limit.show, "identity:get_limit", target=ROW),
    route("PATCH", "/v3/limits/{limit_id}", limit.update, "identity:update_limit", body=schema_limit.LIMIT_UPDATE),
    route("DELETE", "/v3/limits/{limit_id}", limit.delete, "identity:delete_limit"),

    route("GET", "/v3/OS-FEDERATION/projects", token.list_projects, "identity:get_auth_projects"),
    route("GET", "/v3/OS-FEDERATION/domains", token.list_domains, "identity:get_auth_domains"),
    route("GET", "/v3/OS-FEDERATION/saml2/metadata", federation.show_metadata, PUBLIC),
    route("GET", "/v3/OS-FEDERATION/identity_providers", federation.list_idps, "identity:list_identity_providers"),
    route("GET", "/v3/OS-FEDERATION/identity_providers/{idp_id}", federation.show_idp, "identity:get_identity_provider"),
    route("PUT", "/v3/OS-FEDERATION/identity_providers/{idp_id}", federation.create_idp, "identity:create_identity_provider", body=schema_federation.IDP_CREATE),
    route("PATCH", "/v3/OS-FEDERATION/identity_providers/{idp_id}", federation.update_idp, "identity:update_identity_provider", body=schema_federation.IDP_UPDATE),
    route("DELETE", "/v3/OS-FEDERATION/identity_providers/{idp_id}", federation.delete_idp, "identity:delete_identity_provider"),
    route("GET", "/v3/OS-FEDERATION/identity_providers/{idp_id}/protocols", federation.list_protocols, "identity:list_protocols"),
    route("GET", "/v3/OS-FEDERATION/identity_providers/{idp_id}/protocols/{protocol_id}", federation.show_protocol, "identity:get_protocol"),
    route("PUT", "/v3/OS-FEDERATION/identity_providers/{idp_id}/protocols/{protocol_id}", federation.create_protocol, "identity:create_protocol", body=schema_federation.PROTOCOL_CREATE),
    route("PATCH", "/v3/OS-FEDERATION/identity_providers/{idp_id}/protocols/{protocol_id}", federation.update_protocol, "identity:update_protocol", body=schema_federation.PROTOCOL_UPDATE),
    route("DELETE", "/v3/OS-FEDERATION/identity_providers/{idp_id}/protocols/{protocol_id}", federation.delete_protocol, "identity:delete_protocol"),
    route("GET", "/v3/OS-FEDERATION/mappings", federation.list_mappings, "identity:list_mappings"),
    route("GET", "/v3/OS-FEDERATION/mappings/{mapping_id}", federation.show_mapping, "identity:get_mapping"),
    route("PUT", "/v3/OS-FEDERATION/mappings/{mapping_id}", federation.create_mapping, "identity:create_mapping", body=schema_federation.MAPPING),
    route("PATCH", "/v3/OS-FEDERATION/mappings/{mapping_id}", federation.update_mapping, "identity:update_mapping", body=schema_federation.MAPPING),
    route("DELETE", "/v3/OS-FEDERATION/mappings/{mapping_id}", federation.delete_mapping, "identity:delete_mapping"),
    route("GET", "/v3/OS-FEDERATION/service_providers", federation.list_service_providers, "identity:list_service_providers"),
    route("GET", "/v3/OS-FEDERATION/service_providers/{service_provider_id}", federation.show_service_provider, "identity:get_service_provider"),
    route("PUT", "/v3/OS-FEDERATION/service_providers/{service_provider_id}", federation.create_service_provider, "identity:create_service_provider", body=schema_federation.SERVICE_PROVIDER_CREATE),
    route("PATCH", "/v3/OS-FEDERATION/service_providers/{service_provider_id}", federation.update_service_provider, "identity:update_service_provider", body=schema_federation.SERVICE_PROVIDER_UPDATE),
    route("DELETE", "/v3/OS-FEDERATION/service_providers/{service_provider_id}", federation.delete_service_provider, "identity:delete_service_provider"),

    route("GET", "/v3/credentials", credential.index, "identity:list_credentials", target=ROW),
    route("POST", "/v3/credentials", credential.create, "identity:create_credential", body=schema_credential.CREDENTIAL_CREATE, target=ROW),
    route("GET", "/v3/credentials/{credential_id}", credential.show, "identity:get_credential", target=ROW),
    route("PATCH", "/v3/credentials/{credential_id}", credential.update, "identity:update_credential", body=schema_credential.CREDENTIAL_UPDATE, target=ROW),
    route("DELETE", "/v3/credentials/{credential_id}", credential.delete, "identity:delete_credential", target=ROW),
    route("GET", "/v3/users/{user_id}/credentials/OS-EC2", ec2.index, "identity:ec2_list_credentials", target=ROW),
    route("POST", "/v3/users/{user_id}/credentials/OS-EC2", ec2.create, "identity:ec2_create_credential", body=schema_credential.EC2_CREATE, target=ROW),
    route("GET", "/v3/users/{user_id}/credentials/OS-EC2/{credential_id}", ec2.show, "identity:ec2_get_credential", target=ROW),
    route("DELETE", "/v3/users/{user_id}/credentials/OS-EC2/{credential_id}", ec2.delete, "identity:ec2_delete_credential", target=ROW),

    route("GET", "/v3/users/{user_id}/application_credentials", application_credential.index, "identity:list_application_credentials", target=ROW),
    route("POST", "/v3/users/{user_id}/application_credentials", application_credential.create, "identity:create_application_credential", body=schema_credential.APPLICATION_CREDENTIAL_CREATE, target=ROW),
    route("GET", "/v3/users/{user_id}/application_credentials/{application_credential_id}", application_credential.show, "identity:get_application_credential", target=ROW),
    route("DELETE", "/v3/users/{user_id}/application_credentials/{application_credential_id}", application_credential.delete, "identity:delete_application_credential", target=ROW),
    route("GET", "/v3/users/{user_id}/access_rules", access_rule.index, "identity:list_access_rules", target=ROW),
    route("GET", "/v3/users/{user_id}/access_rules/{access_rule_id}", access_rule.show, "identity:get_access_rule", target=ROW),
    route("DELETE", "/v3/users/{user_id}/access_rules/{access_rule_id}", access_rule.delete, "identity:delete_access_rule", target=ROW),

    route("GET", "/v3/OS-TRUST/trusts", trust.index, "identity:list_trusts", target=ROW),
    route("POST", "/v3/OS-TRUST/trusts", trust.create, "identity:create_trust", body=schema_credential.TRUST_CREATE, target=ROW),
    route("GET", "/v3/OS-TRUST/trusts/{trust_id}", trust.show, "identity:get_trust", target=ROW),
    route("DELETE", "/v3/OS-TRUST/trusts/{trust_id}", trust.delete, "identity:delete_trust", target=ROW),
    route("GET", "/v3/OS-TRUST/trusts/{trust_id}/roles", trust.list_roles, "identity:list_roles_for_trust", target=ROW),
    route("GET", "/v3/OS-TRUST/trusts/{trust_id}/roles/{role_id}", trust.show_role, "identity:get_role_for_trust", target=ROW),

    route("GET", "/v3/OS-OAUTH1/consumers", oauth1.list_consumers, "identity:list_consumers"),
    route("POST", "/v3/OS-OAUTH1/consumers", oauth1.create_consumer, "identity:create_consumer", body=schema_federation.CONSUMER_CREATE),
    route("GET", "/v3/OS-OAUTH1/consumers/{consumer_id}", oauth1.show_consumer, "identity:get_consumer"),
    route("PATCH", "/v3/OS-OAUTH1/consumers/{consumer_id}", oauth1.update_consumer, "identity:update_consumer", body=schema_federation.CONSUMER_UPDATE),
    route("DELETE", "/v3/OS-OAUTH1/consumers/{consumer_id}", oauth1.delete_consumer, "identity:delete_consumer"),
    route("POST", "/v3/OS-OAUTH1/request_token", oauth1.create_request_token, PUBLIC),
    route("PUT", "/v3/OS-OAUTH1/authorize/{request_token_id}", oauth1.authorize, "identity:authorize_request_token", body=schema_federation.AUTHORIZE),
    route("POST", "/v3/OS-OAUTH1/access_token", oauth1.create_access_token, PUBLIC),
    route("GET", "/v3/users/{user_id}/OS-OAUTH1/access_tokens", oauth1.list_access_tokens, "identity:list_access_tokens"),
    route("GET", "/v3/users/{user_id}/OS-OAUTH1/access_tokens/{access_token_id}", oauth1.show_access_token, "identity:get_access_token"),
    route("DELETE", "/v3/users/{user_id}/OS-OAUTH1/access_tokens/{access_token_id}", oauth1.delete_access_token, "identity:delete_access_token"),
    route("GET", "/v3/users/{user_id}/OS-OAUTH1/access_tokens/{access_token_id}/roles", oauth1.list_roles, "identity:list_access_token_roles"),
    route("GET", "/v3/users/{user_id}/OS-OAUTH1/access_tokens/{access_token_id}/roles/{role_id}", oauth1.show_role, "identity:get_access_token_role"),
], ignores_last_slash=True)  # fmt: skip
