"""What journeys with real guests share: a member who boots them, and what must be left in the end."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.crash.api import Api, Refused, wait_until
from tests.crash.hypervisor import libvirt_guests

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.running import RunningCloud

GUEST = Path(__file__).parents[2] / "guest" / "build" / "pileus-guest.qcow2"
UNDER_WAY = ("REBOOT", "HARD_REBOOT", "REBUILD", "RESIZE", "REVERT_RESIZE", "SHELVED")
BOOT_S = 120  # it takes 4 s on a machine that does nothing else


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

    def upload(
        self, file: Path = GUEST, disk_format: str = "qcow2", container_format: str = "bare", **properties: str
    ) -> str:
        body = {"name": file.name, "disk_format": disk_format, "container_format": container_format, **properties}
        image = str(self.api.call("image", "POST", "/v2/images", body)["id"])
        self.api.call("image", "PUT", f"/v2/images/{image}/file", body=file.read_bytes())
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

    def wait_for(self, server: str, status: str, wayside: Sequence[str] = ("BUILD", "ACTIVE", "SHUTOFF")) -> None:
        """Wait until the server is in a status and nothing is being done to it; on the way it may be in others."""

        def is_so() -> bool:
            seen = self.show(server)
            assert seen["status"] in (status, *wayside), seen
            return seen["status"] == status and not seen["OS-EXT-STS:task_state"]

        wait_until(f"the server is not {status}", is_so, BOOT_S)

    def console(self, server: str) -> str:
        return str(self.act(server, "os-getConsoleOutput", length=1000)["output"])

    def boots(self, server: str) -> list[int]:
        """Return the boot counts that the guest said, in order."""
        return [int(count) for count in re.findall(r"boot count: (\d+)", self.console(server))]

    def wait_for_console(self, server: str, text: str, times: int = 1) -> None:
        """Wait until the guest has said something so often."""
        wait_until(f"the guest does not say {text!r}", lambda: self.console(server).count(text) >= times, BOOT_S, 0.3)

    def do(self, server: str, action: str, status: str, **arguments: Any) -> None:
        """Act, and wait for what comes of it."""
        was = self.show(server)["status"]
        self.act(server, action, **arguments)
        self.wait_for(server, status, (was, *UNDER_WAY))

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
    wait_until("bytes of images are left", lambda: not [one for one in path.glob("images/*/*-*") if one.is_file()], 30)
    assert not [one for one in path.rglob("*") if any(server in one.name for server in servers)]
    kept = {one.name for one in (path / "instances").iterdir()}
    assert kept <= {"_base"}, kept
