"""Boot a server in whatever cloud an identity service's catalog names, as the administrator `admin`.

boot.py AUTH_URL PASSWORD REGION [revoke]: with the last word also revoke a token, and see that all refuse it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from keystoneauth1 import session
from keystoneauth1.identity import v3

BOOT_S = 180
IMAGE = b"\0" * 2**20
VERSION = {"OpenStack-API-Version": "compute 2.37"}


class Cloud:
    """The services of one region, as an administrator."""

    def __init__(self, auth_url: str, password: str, region: str) -> None:
        admin = v3.Password(
            auth_url=auth_url,
            username="admin",
            password=password,
            user_domain_id="default",
            project_name="admin",
            project_domain_id="default",
        )
        self.session = session.Session(admin)
        self.region = region
        self.compute_headers: dict[str, str] = {}

    def ask(self, service: str, method: str, path: str, **more: Any) -> Any:
        where = {"service_type": service, "region_name": self.region, "interface": "public"}
        headers = self.compute_headers if service == "compute" else {}
        return self.session.request(path, method, endpoint_filter=where, headers=headers, **more)


def main() -> None:
    auth_url, password, region, *more = sys.argv[1:]
    cloud = Cloud(auth_url, password, region)
    image = cloud.ask(
        "image", "POST", "/v2/images", json={"name": "boot", "disk_format": "raw", "container_format": "bare"}
    ).json()["id"]
    stream = {"Content-Type": "application/octet-stream"}
    where = {"service_type": "image", "region_name": cloud.region, "interface": "public"}
    cloud.session.put(f"/v2/images/{image}/file", endpoint_filter=where, data=IMAGE, headers=stream)
    wait("no host is up", lambda: hosts_up(cloud))
    print(f"hosts up in {cloud.region}")
    flavor = {"name": f"boot-{time.time():.0f}", "ram": 128, "vcpus": 1, "disk": 1}
    flavor = cloud.ask("compute", "POST", "/flavors", json={"flavor": flavor}).json()["flavor"]["id"]
    body = {"name": "boot", "imageRef": image, "flavorRef": flavor, **no_network(cloud)}
    server = cloud.ask("compute", "POST", "/servers", json={"server": body}).json()["server"]["id"]
    wait("the server is not ACTIVE", lambda: is_active(cloud, server))
    held = cloud.ask("placement", "GET", f"/allocations/{server}").json()["allocations"]
    assert held, "placement holds nothing for the server"
    print(f"the server is ACTIVE, and placement holds {held}")
    cloud.ask("compute", "DELETE", f"/servers/{server}")
    wait("the server is not gone", lambda: not cloud.ask("compute", "GET", "/servers").json()["servers"])
    if more:
        refuse_what_is_revoked(cloud)


def no_network(cloud: Cloud) -> dict[str, str]:
    """Say that the server shall have none, in a version that knows the word; one that does not needs none."""
    if cloud.ask("compute", "GET", "/").json()["version"]["version"] == "2.1":
        return {}
    cloud.compute_headers = VERSION
    return {"networks": "none"}


def hosts_up(cloud: Cloud) -> bool:
    found = cloud.ask("compute", "GET", "/os-hypervisors/detail").json()["hypervisors"]
    return any(host["state"] == "up" for host in found)


def is_active(cloud: Cloud, server: str) -> bool:
    found = cloud.ask("compute", "GET", f"/servers/{server}").json()["server"]
    assert found["status"] != "ERROR", found.get("fault")
    return bool(found["status"] == "ACTIVE")


def refuse_what_is_revoked(cloud: Cloud) -> None:
    """Each service takes a token until it is revoked, and for no longer than it caches."""
    urls = {
        service: cloud.session.get_endpoint(service_type=service, region_name=cloud.region, interface="public") + path
        for service, path in (("compute", "/servers"), ("image", "/v2/images"), ("placement", "/resource_providers"))
    }
    token = cloud.session.get_token()
    asking = session.Session()
    headers = {"X-Auth-Token": token, "Accept": "application/json"}

    def status(url: str) -> int:
        return int(asking.get(url, headers=headers, raise_exc=False).status_code)

    assert {service: status(url) for service, url in urls.items()} == dict.fromkeys(urls, 200)
    cloud.session.delete(
        "/auth/tokens", endpoint_filter={"service_type": "identity"}, headers={"X-Subject-Token": token}
    )
    for service, url in urls.items():
        wait(f"{service} takes a revoked token", lambda url=url: status(url) == 401)  # type: ignore[misc]
    print("a revoked token is refused by all")


def wait(what: str, is_done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + BOOT_S
    while not is_done():
        if time.monotonic() > deadline:
            sys.exit(f"after {BOOT_S} s {what}")
        time.sleep(0.5)


if __name__ == "__main__":
    main()
