"""Fill Keystone: services, endpoints, and the services' users. May run twice.

catalog.py AUTH_URL ADMIN_PASSWORD SERVICE_PASSWORD REGION TYPE=NAME=URL...
"""

from __future__ import annotations

import sys
from typing import Any

from keystoneauth1 import session
from keystoneauth1.identity import v3


class Keystone:
    """The identity service, as its administrator."""

    def __init__(self, auth_url: str, password: str) -> None:
        self._url = auth_url
        admin = v3.Password(
            auth_url=auth_url,
            username="admin",
            password=password,
            user_domain_id="default",
            project_name="admin",
            project_domain_id="default",
        )
        self._session = session.Session(admin)

    def call(self, method: str, path: str, json: Any = None) -> Any:
        reply = self._session.request(self._url + path, method, json=json, raise_exc=False)
        if reply.status_code >= 400:
            sys.exit(f"{method} {path}: {reply.status_code} {reply.text}")
        return reply.json() if reply.content else None

    def ensure(self, kind: str, match: dict[str, str], **rest: str) -> str:
        """Return the id of the row that is like `match`; make it if there is none."""
        query = "&".join(f"{name}={value}" for name, value in match.items())
        for row in self.call("GET", f"/{kind}s?{query}")[f"{kind}s"]:
            if all(row.get(name) == value for name, value in match.items()):
                return str(row["id"])
        return str(self.call("POST", f"/{kind}s", json={kind: {**match, **rest}})[kind]["id"])

    def ensure_region(self, region: str) -> None:
        """Make a region if there is none of this id, by which Keystone does not let one ask."""
        if all(known["id"] != region for known in self.call("GET", "/regions")["regions"]):
            self.call("POST", "/regions", json={"region": {"id": region}})


def main() -> None:
    auth_url, admin_password, service_password, region, *wanted = sys.argv[1:]
    keystone = Keystone(auth_url, admin_password)
    roles = {name: keystone.ensure("role", {"name": name}) for name in ("admin", "service")}
    keystone.ensure_region(region)
    project = keystone.ensure("project", {"domain_id": "default", "name": "service"})
    for each in wanted:
        kind, name, url = each.split("=", 2)
        if kind != "network":  # nobody logs in as the stub
            user = keystone.ensure("user", {"domain_id": "default", "name": name}, password=service_password)
            keystone.call("PATCH", f"/users/{user}", json={"user": {"password": service_password}})
            for role in roles.values():
                keystone.call("PUT", f"/projects/{project}/users/{user}/roles/{role}")
        service = keystone.ensure("service", {"type": kind, "name": name})
        for interface in ("public", "internal", "admin"):
            place = {"service_id": service, "interface": interface, "region_id": region}
            keystone.ensure("endpoint", place, url=url)


if __name__ == "__main__":
    main()
