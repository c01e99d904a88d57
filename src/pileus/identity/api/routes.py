"""Identity's API, a row for each route."""

# ruff: noqa: E501 (a row stays on one line)

from __future__ import annotations

from pileus.identity.api import assignment, catalog, discovery, domain, project, role, schema, token, user
from pileus.identity.backend import Backend
from pileus.kit.http.routes import PUBLIC, RouteTable, Target, route

ROW = Target.ROW

ROUTES: RouteTable[Backend] = RouteTable([
    route("GET", "/", discovery.list_versions, PUBLIC),
    route("GET", "/v3", discovery.show_version, PUBLIC),
    route("GET", "/v3/", discovery.show_version, PUBLIC),

    route("POST", "/v3/auth/tokens", token.issue, PUBLIC, body=schema.AUTHENTICATE),
    route("GET", "/v3/auth/tokens", token.validate, "identity:validate_token", target=ROW),
    route("DELETE", "/v3/auth/tokens", token.revoke, "identity:revoke_token", target=ROW),
    route("GET", "/v3/auth/catalog", token.show_catalog, "identity:get_auth_catalog"),
    route("GET", "/v3/auth/projects", token.list_projects, "identity:get_auth_projects"),
    route("GET", "/v3/auth/domains", token.list_domains, "identity:get_auth_domains"),
    route("GET", "/v3/auth/system", token.list_systems, "identity:get_auth_system"),

    route("GET", "/v3/domains", domain.index, "identity:list_domains", target=ROW),
    route("POST", "/v3/domains", domain.create, "identity:create_domain", body=schema.DOMAIN_CREATE),
    route("GET", "/v3/domains/{domain_id}", domain.show, "identity:get_domain", target=ROW),
    route("PATCH", "/v3/domains/{domain_id}", domain.update, "identity:update_domain", body=schema.DOMAIN_UPDATE),
    route("DELETE", "/v3/domains/{domain_id}", domain.delete, "identity:delete_domain"),

    route("GET", "/v3/projects", project.index, "identity:list_projects", target=ROW),
    route("POST", "/v3/projects", project.create, "identity:create_project", body=schema.PROJECT_CREATE, target=ROW),
    route("GET", "/v3/projects/{project_id}", project.show, "identity:get_project", target=ROW),
    route("PATCH", "/v3/projects/{project_id}", project.update, "identity:update_project", body=schema.PROJECT_UPDATE, target=ROW),
    route("DELETE", "/v3/projects/{project_id}", project.delete, "identity:delete_project", target=ROW),

    route("GET", "/v3/users", user.index, "identity:list_users", target=ROW),
    route("POST", "/v3/users", user.create, "identity:create_user", body=schema.USER_CREATE, target=ROW),
    route("GET", "/v3/users/{user_id}", user.show, "identity:get_user", target=ROW),
    route("PATCH", "/v3/users/{user_id}", user.update, "identity:update_user", body=schema.USER_UPDATE, target=ROW),
    route("DELETE", "/v3/users/{user_id}", user.delete, "identity:delete_user", target=ROW),
    route("POST", "/v3/users/{user_id}/password", user.change_password, PUBLIC, body=schema.PASSWORD_CHANGE),
    route("GET", "/v3/users/{user_id}/projects", project.index_of_user, "identity:list_user_projects", target=ROW),

    route("GET", "/v3/roles", role.index, "identity:list_roles", target=ROW),
    route("POST", "/v3/roles", role.create, "identity:create_role", body=schema.ROLE_CREATE, target=ROW),
    route("GET", "/v3/roles/{role_id}", role.show, "identity:get_role", target=ROW),
    route("PATCH", "/v3/roles/{role_id}", role.update, "identity:update_role", body=schema.ROLE_UPDATE, target=ROW),
    route("DELETE", "/v3/roles/{role_id}", role.delete, "identity:delete_role", target=ROW),

    route("GET", "/v3/role_assignments", assignment.index, "identity:list_role_assignments", target=ROW),
    *(
        row
        for place, list_rule, rule in (
            ("/v3/projects/{project_id}", "list_grants", "{}_grant"),
            ("/v3/domains/{domain_id}", "list_grants", "{}_grant"),
            ("/v3/system", "list_system_grants_for_user", "{}_system_grant_for_user"),
        )
        for path in (f"{place}/users/{{user_id}}/roles",)
        for row in (
            route("GET", path, assignment.list_roles, f"identity:{list_rule}", target=ROW),
            route("GET", f"{path}/{{role_id}}", assignment.check, f"identity:{rule.format('check')}", target=ROW),
            route("PUT", f"{path}/{{role_id}}", assignment.grant, f"identity:{rule.format('create')}", target=ROW),
            route("DELETE", f"{path}/{{role_id}}", assignment.revoke, f"identity:{rule.format('revoke')}", target=ROW),
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
])  # fmt: skip
