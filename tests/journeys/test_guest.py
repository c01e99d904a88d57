"""One real guest from its first boot to its end, through a restart of the cloud around it."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.contracts.driver_bench import require_libvirt
from tests.crash.api import Api, Refused, wait_until
from tests.crash.invariants import libvirt_guests
from tests.lacking import LackingError, skip_outside_ci
from tests.running import RunningCloud, run_pileus

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]

GUEST = Path(__file__).parents[2] / "guest" / "build" / "pileus-guest.qcow2"
BOOT_S = 120  # it takes 4 s on a machine that does nothing else


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[RunningCloud]:
    try:
        require_libvirt(tmp_path / "libvirt")
    except LackingError as lacking:
        skip_outside_ci(str(lacking))
    if not GUEST.exists():
        skip_outside_ci(f"there is no {GUEST}; `make guest` builds it")
    made = RunningCloud(tmp_path / "state", "--driver", "libvirt")
    made.start()
    yield made
    made.stop()
    remove_guests(made)


def remove_guests(cloud: RunningCloud) -> None:
    """Remove what a failed test left in libvirt."""
    from pileus.compute.agent.drivers.libvirt.driver import LibvirtDriver

    driver = LibvirtDriver(cloud.state.path, cloud.state.cloud_id())
    for guest in driver.list_guests():
        driver.destroy(guest.server_id)
    driver.close()


class Member:
    """The demo user, with what a boot needs."""

    def __init__(self, cloud: RunningCloud) -> None:
        self.api = Api(cloud.clouds_yaml, "pileus-demo")
        self.api.log_in()

    def upload(self) -> str:
        body = {"name": "guest", "disk_format": "qcow2", "container_format": "bare"}
        image = str(self.api.call("image", "POST", "/v2/images", body)["id"])
        self.api.call("image", "PUT", f"/v2/images/{image}/file", body=GUEST.read_bytes())
        return image

    def boot(self, name: str, image: str, flavor: str, **options: str) -> str:
        body = {"name": name, "imageRef": image, "flavorRef": flavor, **options}
        server = str(self.api.call("compute", "POST", "/servers", {"server": body})["server"]["id"])
        self.wait_for(server, "ACTIVE")
        return server

    def act(self, server: str, action: str, **arguments: Any) -> Any:
        return self.api.call("compute", "POST", f"/servers/{server}/action", {action: arguments or None})

    def show(self, server: str) -> dict[str, Any]:
        return dict(self.api.call("compute", "GET", f"/servers/{server}")["server"])

    def wait_for(self, server: str, status: str) -> None:
        def is_so() -> bool:
            seen = self.show(server)
            assert seen["status"] in (status, "BUILD", "ACTIVE", "SHUTOFF"), seen
            return seen["status"] == status and not seen["OS-EXT-STS:task_state"]

        wait_until(f"the server is not {status}", is_so, BOOT_S)

    def console(self, server: str) -> str:
        return str(self.act(server, "os-getConsoleOutput", length=1000)["output"])

    def boots(self, server: str) -> list[int]:
        """Return the boot counts that the guest said, in order."""
        return [int(count) for count in re.findall(r"boot count: (\d+)", self.console(server))]

    def wait_for_boot(self, server: str, count: int) -> None:
        def is_so() -> bool:
            console = self.console(server)
            return f"boot count: {count}" in console and bool(re.search(r"login: ?\Z", console))

        wait_until(f"there is no login prompt of boot {count}", is_so, BOOT_S, 0.3)

    def delete(self, server: str) -> None:
        self.api.call("compute", "DELETE", f"/servers/{server}")
        wait_until("the server is not gone", lambda: self._is_gone(server), BOOT_S)

    def _is_gone(self, server: str) -> bool:
        try:
            self.show(server)
        except Refused as error:
            return error.status == 404
        return False


def test_a_guest_lives_through_it_all(cloud: RunningCloud) -> None:
    member, admin = Member(cloud), new_admin(cloud)
    body = {"name": "m1.guest", "ram": 256, "vcpus": 1, "disk": 1}
    flavor = admin.call("compute", "POST", "/flavors", {"flavor": body})["flavor"]["id"]
    image, nonce = member.upload(), os.urandom(8).hex()
    key = member.api.call("compute", "POST", "/os-keypairs", {"keypair": {"name": "key"}})["keypair"]["public_key"]
    script = base64.b64encode(f"#!/bin/sh\necho 'user data says {nonce}'\n".encode()).decode()
    wait_until("no host shows up", lambda: providers(admin), 60)
    server = member.boot("first-guest", image, flavor, key_name="key", user_data=script)
    member.wait_for_boot(server, 1)
    console = member.console(server)
    assert "hostname first-guest" in console
    assert f"user data says {nonce}" in console
    assert fingerprint(key) in console

    pid = cloud.process.pid
    assert f"stopped (process {pid})" in run_pileus("down", "--state", cloud.state.path).stdout
    cloud.stop()
    assert libvirt_guests(cloud.state.path)() == {server: True}, "the guest went on without its cloud"
    cloud.start()
    member, admin = Member(cloud), new_admin(cloud)
    member.wait_for(server, "ACTIVE")
    assert member.boots(server) == [1], "it was adopted, not booted"

    member.act(server, "os-stop")
    member.wait_for(server, "SHUTOFF")
    member.act(server, "os-start")
    member.wait_for(server, "ACTIVE")
    member.wait_for_boot(server, 2)

    snapshot = take_snapshot(member, server)
    copy = member.boot("second-guest", snapshot, flavor)
    member.wait_for_boot(copy, 3)
    assert "hostname second-guest" in member.console(copy)

    for one in (server, copy):
        member.delete(one)
    for one in (image, snapshot):
        member.api.call("image", "DELETE", f"/v2/images/{one}")
    nothing_is_left(cloud, admin, (server, copy))


def new_admin(cloud: RunningCloud) -> Api:
    api = Api(cloud.clouds_yaml, "pileus")
    api.log_in()
    return api


def providers(admin: Api) -> list[str]:
    return [one["uuid"] for one in admin.call("placement", "GET", "/resource_providers")["resource_providers"]]


def fingerprint(public_key: str) -> str:
    digest = hashlib.sha256(base64.b64decode(public_key.split()[1])).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def take_snapshot(member: Member, server: str) -> str:
    member.act(server, "createImage", name="snapshot")

    def found() -> list[Any]:
        return list(member.api.call("image", "GET", "/v2/images?name=snapshot&status=active")["images"])

    wait_until("there is no snapshot", found, BOOT_S)
    wait_until("it is still at it", lambda: not member.show(server)["OS-EXT-STS:task_state"], BOOT_S)
    return str(found()[0]["id"])


def nothing_is_left(cloud: RunningCloud, admin: Api, servers: tuple[str, ...]) -> None:
    for provider in providers(admin):
        usages = admin.call("placement", "GET", f"/resource_providers/{provider}/usages")["usages"]
        assert not any(usages.values()), usages
    assert libvirt_guests(cloud.state.path)() == {}
    path = cloud.state.path
    wait_until("bytes of images are left", lambda: not [one for one in path.glob("images/*/*") if one.is_file()], 30)
    assert not [one for one in path.rglob("*") if any(server in one.name for server in servers)]
    kept = {one.name for one in (path / "instances").iterdir()}
    assert kept <= {"_base"}, kept
