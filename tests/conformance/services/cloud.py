"""What is done in each cloud, with the real openstack client: by its administrator, and by a plain member."""

from __future__ import annotations

import json
import secrets
import time
from typing import TYPE_CHECKING, Any

import yaml
from keystoneauth1 import session
from keystoneauth1.identity import v3

from demo.terminal import Client, DemoFailed, Stopwatch
from tests.conformance.services.step import step

if TYPE_CHECKING:
    from pathlib import Path

HOST_S = 60.0
REVOKE_SLACK_S = 1.5  # for the last of the requests that look whether it is refused yet
PATHS = {"compute": "/servers", "image": "/v2/images", "placement": "/resource_providers"}


class Cloud:
    """The services of one region, known by nothing but the identity service's URL and its administrator."""

    def __init__(self, folder: Path, auth_url: str, password: str, region: str) -> None:
        folder.mkdir()
        self._folder, self._region = folder, region
        self._no_network = ""
        self._people = {
            "admin": _person(auth_url, "admin", password, "admin"),
            "member": _person(auth_url, f"member-{region}", secrets.token_hex(8), f"project-{region}"),
        }
        clouds = {name: {"auth": auth} for name, auth in self._people.items()}
        self._clouds_yaml = folder / "clouds.yaml"
        self._clouds_yaml.write_text(yaml.safe_dump({"clouds": clouds}))

    def use(self) -> None:
        """Do what one does with a cloud. Raises DemoFailed."""
        self._look_into_the_catalog()
        self._add_a_member()
        image = self._store_an_image()
        flavor = self._wait_for_a_host()
        self._boot(image, flavor)
        self._be_refused()

    def refuse_revoked_within(self, cache_s: float) -> None:
        """Revoke a token that every service has taken; see that each refuses it within so many seconds."""
        with step(f"a revoked token is refused within {cache_s:.0f} s by who has taken it before") as more:
            admin = self._session()
            urls, token = self._urls(admin), str(admin.get_token())
            before = {service: _status(url, token) for service, url in urls.items()}
            assert set(before.values()) == {200}, before
            _revoke(admin, token)
            watch = Stopwatch()
            while urls:
                for service in [service for service, url in urls.items() if _status(url, token) == 401]:
                    del urls[service]
                    more.append(f"{service} {watch.seconds():.1f} s")
                assert not urls or watch.seconds() < cache_s + REVOKE_SLACK_S, f"{', '.join(urls)} still takes it"
                time.sleep(0.1)

    def refuse_revoked_unseen(self) -> None:
        """Revoke a token before any service has seen it; see that each refuses it."""
        with step("a token is taken by all; another, revoked before they saw it, by none") as more:
            admin = self._session()
            urls, token = self._urls(admin), str(admin.get_token())
            other = str(self._session().get_token())
            _revoke(admin, token)
            seen = {service: (_status(url, other), _status(url, token)) for service, url in urls.items()}
            more += [f"{service} {good} and {void}" for service, (good, void) in seen.items()]
            assert set(seen.values()) == {(200, 401)}, seen

    # --- the steps, in their order ---

    def _look_into_the_catalog(self) -> None:
        with step("the catalog names identity, placement, image and compute") as more:
            catalog = self._ask("catalog list")
            here = {one["Type"] for one in catalog for at in one["Endpoints"] if at["region_id"] == self._region}
            more.append(f"in {self._region}: {' '.join(sorted(here))}")
            assert here >= {"identity", *PATHS}, f"only {sorted(here)}"
            # The real Nova has a network service that has no networks, and must be told not to look for one.
            self._no_network = "--nic none " if "network" in here else ""

    def _add_a_member(self) -> None:
        with step("the administrator adds a project and a plain member"):
            member = self._people["member"]
            user, project = member["username"], member["project_name"]
            self._ask(f"project create {project}")
            self._ask(f"user create --password {member['password']} {user}")
            self._ask(f"role add --project {project} --user {user} member", is_json=False)

    def _store_an_image(self) -> str:
        with step("the member stores an image, and it comes back as it was"):
            sent, got = self._folder / "sent", self._folder / "got"
            sent.write_bytes(secrets.token_bytes(2**20))
            words = f"--disk-format raw --container-format bare --file {sent} image"
            image = self._ask(f"image create {words}", "member")
            assert self._ask(f"image show {image['id']}", "member")["status"] == "active", image
            self._ask(f"image save --file {got} {image['id']}", "member", is_json=False)
            assert got.read_bytes() == sent.read_bytes(), "other bytes came back"
        return str(image["id"])

    def _wait_for_a_host(self) -> str:
        with step("a host is up, and there is a flavor") as more:
            watch = Stopwatch()
            while not (up := [row for row in self._ask("hypervisor list") if row["State"] == "up"]):
                assert watch.seconds() < HOST_S, f"no host is up after {HOST_S:.0f} s"
                time.sleep(0.5)
            more.append(str(up[0]["Hypervisor Hostname"]))
            flavor = f"small-{secrets.token_hex(4)}"
            self._ask(f"flavor create --ram 128 --disk 1 --vcpus 1 {flavor}")
        return flavor

    def _boot(self, image: str, flavor: str) -> None:
        with step("the member boots a server") as more:
            made = self._ask(
                f"server create {self._no_network}--image {image} --flavor {flavor} --wait server", "member"
            )
            more.append(made["status"])
            assert made["status"] == "ACTIVE", made
        with step("placement holds an allocation for it") as more:
            held = self._ask(f"resource provider allocation show {made['id']}")
            more += [str(one["resources"]) for one in held]
            assert len(held) == 1, f"allocations: {held}"
        with step("it is deleted, and its allocation is gone"):
            self._ask(f"server delete --wait {made['id']}", "member", is_json=False)
            assert self._ask("server list", "member") == [], "a server is left"
            assert self._ask(f"resource provider allocation show {made['id']}") == [], "an allocation is left"

    def _be_refused(self) -> None:
        with step("the member may not list hypervisors"):
            try:
                said = str(self._ask("hypervisor list", "member"))
            except DemoFailed as error:
                said = str(error)
            assert "ForbiddenException: 403" in said, said

    # --- how it is asked ---

    def _ask(self, command: str, who: str = "admin", *, is_json: bool = True) -> Any:
        client = Client(self._clouds_yaml, who)
        words = f"--os-region-name {self._region} {command}"
        return json.loads(client.ask(f"{words} -f json")) if is_json else client.ask(words)

    def _session(self) -> session.Session:
        return session.Session(v3.Password(**self._people["admin"]))

    def _urls(self, admin: session.Session) -> dict[str, str]:
        where = {"region_name": self._region, "interface": "public"}
        return {kind: f"{admin.get_endpoint(service_type=kind, **where)}{path}" for kind, path in PATHS.items()}


def _person(auth_url: str, name: str, password: str, project: str) -> dict[str, str]:
    return {
        "auth_url": auth_url,
        "username": name,
        "password": password,
        "project_name": project,
        "user_domain_id": "default",
        "project_domain_id": "default",
    }


def _status(url: str, token: str) -> int:
    headers = {"X-Auth-Token": token, "Accept": "application/json"}
    return int(session.Session().get(url, headers=headers, raise_exc=False).status_code)


def _revoke(admin: session.Session, token: str) -> None:
    headers = {"X-Subject-Token": token}
    admin.delete("/auth/tokens", endpoint_filter={"service_type": "identity"}, headers=headers)
