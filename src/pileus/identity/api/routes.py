"""Identity's API, a row for each route."""

# ruff: noqa: E501 (a row stays on one line)

from __future__ import annotations

from pileus.identity.api import assignment, catalog, discovery, resource, schema, token
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

    route("GET", "/v3/domains", resource.list_domains, "identity:list_domains"),
    route("POST", "/v3/domains", resource.create_domain, "identity:create_domain", body=schema.DOMAIN_CREATE),
    route("GET", "/v3/domains/{domain_id}", resource.show_domain, "identity:get_domain", target=ROW),
    route("PATCH", "/v3/domains/{domain_id}", resource.update_domain, "identity:update_domain", body=schema.DOMAIN_UPDATE),
    route("DELETE", "/v3/domains/{domain_id}", resource.delete_domain, "identity:delete_domain"),

    route("GET", "/v3/projects", resource.list_projects, "identity:list_projects"),
    route("POST", "/v3/projects", resource.create_project, "identity:create_project", body=schema.PROJECT_CREATE),
    route("GET", "/v3/projects/{project_id}", resource.show_project, "identity:get_project", target=ROW),
    route("PATCH", "/v3/projects/{project_id}", resource.update_project, "identity:update_project", body=schema.PROJECT_UPDATE),
    route("DELETE", "/v3/projects/{project_id}", resource.delete_project, "identity:delete_project"),

    route("GET", "/v3/users", resource.list_users, "identity:list_users"),
    route("POST", "/v3/users", resource.create_user, "identity:create_user", body=schema.USER_CREATE),
    route("GET", "/v3/users/{user_id}", resource.show_user, "identity:get_user", target=ROW),
    route("PATCH", "/v3/users/{user_id}", resource.update_user, "identity:update_user", body=schema.USER_UPDATE),
    route("DELETE", "/v3/users/{user_id}", resource.delete_user, "identity:delete_user"),
    route("POST", "/v3/users/{user_id}/password", resource.change_password, PUBLIC, body=schema.PASSWORD_CHANGE),
    route("GET", "/v3/users/{user_id}/projects", resource.list_projects_of_user, "identity:list_user_projects", target=ROW),

    route("GET", "/v3/roles", resource.list_roles, "identity:list_roles"),
    route("POST", "/v3/roles", resource.create_role, "identity:create_role", body=schema.ROLE_CREATE),
    route("GET", "/v3/roles/{role_id}", resource.show_role, "identity:get_role"),
    route("PATCH", "/v3/roles/{role_id}", resource.update_role, "identity:update_role", body=schema.ROLE_UPDATE),
    route("DELETE", "/v3/roles/{role_id}", resource.delete_role, "identity:delete_role"),

    route("GET", "/v3/role_assignments", assignment.list_assignments, "identity:list_role_assignments"),
    *(
        row
        for place in ("/v3/projects/{project_id}", "/v3/domains/{domain_id}", "/v3/system")
        for row in (
            route("GET", f"{place}/users/{{user_id}}/roles", assignment.list_roles, "identity:list_grants"),
            route("GET", f"{place}/users/{{user_id}}/roles/{{role_id}}", assignment.check, "identity:check_grant"),
            route("PUT", f"{place}/users/{{user_id}}/roles/{{role_id}}", assignment.grant, "identity:create_grant"),
            route("DELETE", f"{place}/users/{{user_id}}/roles/{{role_id}}", assignment.revoke, "identity:revoke_grant"),
        )
    ),

    route("GET", "/v3/regions", catalog.list_regions, "identity:list_regions"),
    route("POST", "/v3/regions", catalog.create_region, "identity:create_region", body=schema.REGION),
    route("GET", "/v3/regions/{region_id}", catalog.show_region, "identity:get_region"),
    route("PUT", "/v3/regions/{region_id}", catalog.create_region, "identity:create_region", body=schema.REGION),
    route("PATCH", "/v3/regions/{region_id}", catalog.update_region, "identity:update_region", body=schema.REGION),
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
