"""A cloud that grows by one more of everything, and all of identity's lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pileus.identity.api.routes import ROUTES

if TYPE_CHECKING:
    from tests.identity.world import World

FEDERATION, FILTER = "/v3/OS-FEDERATION", "/v3/OS-EP-FILTER"
RULES = [{"local": [{"user": {"name": "{0}"}}], "remote": [{"type": "UserName"}]}]
SOLE = {  # what is no list of rows of a table, or never holds more than a few
    "/", "/v3", "/v3/auth/system", "/v3/auth/tokens", "/v3/limits/model",
    f"{FEDERATION}/saml2/metadata",
}  # fmt: skip


class Town:
    """A cloud in which each round of building adds one more of everything to the same few places."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.admin = str(world.shown("/v3/users?name=admin")[0]["id"])
        self.home = str(world.shown("/v3/projects?name=admin")[0]["id"])
        self.role = world.role("member")
        self.service = str(world.made("/v3/services", {"service": {"type": "first"}})["id"])
        self.endpoint = self.new_endpoint()
        self.parts = {
            "user_id": self.admin,
            "project_id": self.home,
            "domain_id": "default",
            "endpoint_id": self.endpoint,
            "group_id": str(world.made("/v3/groups", {"group": {"name": "first"}})["id"]),
            "prior_role_id": str(world.made("/v3/roles", {"role": {"name": "first"}})["id"]),
            "policy_id": str(world.made("/v3/policies", {"policy": {"type": "t", "blob": "{}"}})["id"]),
            "endpoint_group_id": self.new_endpoint_group(),
            "idp_id": "first",
        }
        self.put(f"{FEDERATION}/identity_providers/first", {"identity_provider": {}})
        self.rounds = 0

    def build(self) -> None:
        self.rounds += 1
        for build in (self._people, self._roles, self._catalog, self._federation, self._credentials, self._limits):
            build(f"n{self.rounds}")

    def put(self, path: str, body: Any = None) -> None:
        reply = self.world("PUT", path, body)
        assert reply.status in (201, 204), reply.decoded()

    def new_endpoint(self) -> str:
        body = {"interface": "public", "service_id": self.service, "url": "http://x", "region_id": "RegionOne"}
        return str(self.world.made("/v3/endpoints", {"endpoint": body})["id"])

    def new_endpoint_group(self) -> str:
        body = {"name": "g", "filters": {"interface": "public"}}
        return str(self.world.made(f"{FILTER}/endpoint_groups", {"endpoint_group": body})["id"])

    def _people(self, name: str) -> None:
        self.domain = self.world.made("/v3/domains", {"domain": {"name": name, "tags": [name]}})["id"]
        self.person = self.world.user(name)
        self.put(f"/v3/groups/{self.parts['group_id']}/users/{self.person}")
        group = self.world.made("/v3/groups", {"group": {"name": name}})["id"]
        self.put(f"/v3/groups/{group}/users/{self.admin}")
        body = {"name": name, "parent_id": self.home, "tags": [name]}
        self.place = self.world.made("/v3/projects", {"project": body})["id"]
        self.put(f"/v3/projects/{self.home}/tags/{name}")

    def _roles(self, name: str) -> None:
        role = self.world.made("/v3/roles", {"role": {"name": name}})["id"]
        self.put(f"/v3/roles/{self.parts['prior_role_id']}/implies/{role}")
        places = (f"projects/{self.place}", f"projects/{self.home}", f"domains/{self.domain}", "domains/default")
        for place in (*places, "system"):
            for actor in (f"users/{self.admin}", f"groups/{self.parts['group_id']}"):
                self.put(f"/v3/{place}/{actor}/roles/{role}")
        for actor in (f"users/{self.admin}", f"groups/{self.parts['group_id']}"):
            self.put(f"/v3/OS-INHERIT/domains/default/{actor}/roles/{role}/inherited_to_projects")

    def _catalog(self, name: str) -> None:
        self.put(f"/v3/regions/{name}", {"region": {"parent_region_id": "RegionOne"}})
        self.world.made("/v3/services", {"service": {"type": name}})
        endpoint, policy = self.new_endpoint(), self.parts["policy_id"]
        self.put(f"/v3/policies/{policy}/OS-ENDPOINT-POLICY/endpoints/{endpoint}")
        self.put(f"/v3/policies/{policy}/OS-ENDPOINT-POLICY/endpoints/{self.endpoint}")
        self.world.made("/v3/policies", {"policy": {"type": name, "blob": "{}"}})
        self.put(f"{FILTER}/projects/{self.home}/endpoints/{endpoint}")
        self.put(f"{FILTER}/projects/{self.place}/endpoints/{self.endpoint}")
        self.put(f"{FILTER}/endpoint_groups/{self.new_endpoint_group()}/projects/{self.home}")
        self.put(f"{FILTER}/endpoint_groups/{self.parts['endpoint_group_id']}/projects/{self.place}")

    def _federation(self, name: str) -> None:
        provider = {"identity_provider": {"remote_ids": [f"{name}-a", f"{name}-b"]}}
        self.put(f"{FEDERATION}/identity_providers/{name}", provider)
        self.put(f"{FEDERATION}/mappings/{name}", {"mapping": {"rules": RULES}})
        protocol = {"protocol": {"mapping_id": name}}
        self.put(f"{FEDERATION}/identity_providers/first/protocols/{name}", protocol)
        sp = {"service_provider": {"auth_url": "http://a", "sp_url": "http://b"}}
        self.put(f"{FEDERATION}/service_providers/{name}", sp)
        self.world.made("/v3/OS-OAUTH1/consumers", {"consumer": {"description": name}})

    def _credentials(self, name: str) -> None:
        body = {"type": "cert", "blob": name, "user_id": self.admin, "project_id": self.home}
        self.world.made("/v3/credentials", {"credential": body})
        self.world.made(f"/v3/users/{self.admin}/credentials/OS-EC2", {"tenant_id": self.home})
        rule = {"path": f"/{name}", "method": "GET", "service": "compute"}
        roles = [{"name": "member"}, {"name": "reader"}]
        held = {"name": name, "roles": roles, "access_rules": [rule]}
        self.world.made(f"/v3/users/{self.admin}/application_credentials", {"application_credential": held})
        trust = {"trustor_user_id": self.admin, "trustee_user_id": self.person, "impersonation": False}
        self.world.made("/v3/OS-TRUST/trusts", {"trust": {**trust, "project_id": self.home, "roles": roles}})

    def _limits(self, name: str) -> None:
        of = {"service_id": self.service, "region_id": "RegionOne", "resource_name": name}
        registered = self.world("POST", "/v3/registered_limits", {"registered_limits": [{**of, "default_limit": 9}]})
        assert registered.status == 201, registered.decoded()
        limits = [{**of, "project_id": self.home, "resource_limit": 5}]
        assert self.world("POST", "/v3/limits", {"limits": limits}).status == 201


def lists() -> list[str]:
    """Return the paths of all lists, by their route."""
    found = [row.path for row in ROUTES.rows if row.method == "GET" and not row.path.endswith("}")]
    other = ("/config", "/default", "/access_tokens", "/{trust_id}/", "/{role_id}/", "/OS-ENDPOINT-POLICY/policy")
    return [path for path in found if path not in SOLE and not any(part in path for part in other)] + [
        "/v3/role_assignments?effective&include_names",
        "/v3/role_assignments?include_names",
        "/v3/role_assignments?scope.project.id={project_id}&include_subtree",
        "/v3/projects/{project_id}?parents_as_list&subtree_as_list&include_limits",
        "/v3/projects/{project_id}?subtree_as_ids",
    ]
