"""What the cloud is at when it is killed: a server is booted, then everything is done to it, in an order by chance."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from tests.crash.api import Api, CloudGone, Refused

PAUSE_S = 0.02
VERSION = "2.90"


class Job:
    """A member's work, and an administrator's, until the cloud is gone."""

    def __init__(self, clouds_yaml: Path, image: Path, chance: Random, hosts: int) -> None:
        self.place, self.begun = "log in", 0
        self._member, self._admin = Api(clouds_yaml, "pileus-demo"), Api(clouds_yaml, "pileus")
        self._image, self._chance = image.read_bytes(), chance
        self._actions = ALONE + (BETWEEN_TWO if hosts > 1 else ())
        self._image_id = self._server_id = ""

    def run(self) -> str:
        """Work until the cloud is killed; return where that was. Raises Refused, AssertionError if it does not work."""
        try:
            for api in (self._member, self._admin):
                api.log_in()
                api.compute_version = VERSION
            self._flavors = _two_flavors(self._admin)
            while True:
                self._do_everything_once()
        except CloudGone:
            return self.place

    def _do_everything_once(self) -> None:
        for step in (Job.upload, Job.boot, *self._chance.sample(self._actions, len(self._actions)), Job.delete):
            self.place, self.begun = step.__name__, self.begun + 1
            step(self)

    # --- what is done -----------------------------------------------------------------------------

    def upload(self) -> None:
        body = {"name": "job", "disk_format": "qcow2", "container_format": "bare"}
        self._image_id = self._member.call("image", "POST", "/v2/images", body)["id"]
        self._member.call("image", "PUT", f"/v2/images/{self._image_id}/file", body=self._image)

    def boot(self) -> None:
        server = {"name": "job", "imageRef": self._image_id, "flavorRef": self._flavors[0], "networks": "none"}
        self._server_id = self._member.call("compute", "POST", "/servers", {"server": server})["server"]["id"]
        self._await("ACTIVE")

    def stop_and_start(self) -> None:
        self._act("os-stop", "SHUTOFF")
        self._act("os-start", "ACTIVE")

    def snapshot(self) -> None:
        self._act("createImage", "ACTIVE", {"name": "job-snapshot"})

    def rebuild(self) -> None:
        self._act("rebuild", "ACTIVE", {"imageRef": self._image_id})

    def rescue_and_back(self) -> None:
        self._act("rescue", "RESCUE")
        self._act("unrescue", "ACTIVE")

    def shelve_and_back(self) -> None:
        self._act("shelve", "SHELVED_OFFLOADED")
        self._act("unshelve", "ACTIVE")

    def resize_and_confirm(self) -> None:
        self._resize()
        self._act("confirmResize", "ACTIVE")

    def resize_and_revert(self) -> None:
        self._resize()
        self._act("revertResize", "ACTIVE")

    def migrate_and_confirm(self) -> None:
        self._act("migrate", "VERIFY_RESIZE", by=self._admin)
        self._act("confirmResize", "ACTIVE")

    def migrate_and_revert(self) -> None:
        self._act("migrate", "VERIFY_RESIZE", by=self._admin)
        self._act("revertResize", "ACTIVE")

    def live_migrate(self) -> None:
        self._act("os-migrateLive", "ACTIVE", {"host": None, "block_migration": "auto"}, by=self._admin)

    def evacuate(self) -> None:
        host = self._server(self._admin)["OS-EXT-SRV-ATTR:host"]
        force_down(self._admin, host, is_down=True)
        self._act("evacuate", "ACTIVE", {}, by=self._admin)
        force_down(self._admin, host, is_down=False)

    def delete(self) -> None:
        self._member.call("compute", "DELETE", f"/servers/{self._server_id}")
        try:
            while self._server(self._member):
                time.sleep(PAUSE_S)
        except Refused as error:
            if error.status != 404:
                raise
        self._member.call("image", "DELETE", f"/v2/images/{self._image_id}")

    # --- how --------------------------------------------------------------------------------------

    def _resize(self) -> None:
        name = self._server(self._member)["flavor"]["original_name"]
        (other,) = set(self._flavors) - {name}
        self._act("resize", "VERIFY_RESIZE", {"flavorRef": other})

    def _act(self, action: str, status: str, value: Any = None, *, by: Api | None = None) -> None:
        path = f"/servers/{self._server_id}/action"
        (by or self._member).call("compute", "POST", path, {action: value})
        self._await(status)

    def _await(self, status: str) -> None:
        while (server := self._server(self._member))["OS-EXT-STS:task_state"] or server["status"] == "BUILD":
            time.sleep(PAUSE_S)
        assert server["status"] == status, (self.place, server["status"], server.get("fault"))

    def _server(self, api: Api) -> dict[str, Any]:
        return dict(api.call("compute", "GET", f"/servers/{self._server_id}")["server"])


Action = Callable[[Job], None]

ALONE: tuple[Action, ...] = (
    Job.stop_and_start, Job.snapshot, Job.rebuild, Job.rescue_and_back, Job.shelve_and_back,
    Job.resize_and_confirm, Job.resize_and_revert,
)  # fmt: skip
BETWEEN_TWO: tuple[Action, ...] = (Job.migrate_and_confirm, Job.migrate_and_revert, Job.live_migrate, Job.evacuate)


def hosts_of(admin: Api) -> list[str]:
    """Return the hosts that servers can be put on."""
    found = admin.call("placement", "GET", "/resource_providers?resources=VCPU:1")["resource_providers"]
    return [provider["name"] for provider in found]


def force_down(admin: Api, host: str, *, is_down: bool) -> None:
    """Say that a host is down, or no longer."""
    for service in admin.call("compute", "GET", "/os-services?binary=nova-compute")["services"]:
        if service["host"] == host:
            admin.call("compute", "PUT", f"/os-services/{service['id']}", {"forced_down": is_down})


def _two_flavors(admin: Api) -> tuple[str, str]:
    """Return two flavors, by names that are their ids, between which a server can be resized there and back."""
    sizes = {"crash-512": 512, "crash-640": 640}
    there = {flavor["id"] for flavor in admin.call("compute", "GET", "/flavors")["flavors"]}
    for name, ram in sizes.items():
        if name not in there:
            flavor = {"id": name, "name": name, "ram": ram, "vcpus": 1, "disk": 1}
            admin.call("compute", "POST", "/flavors", {"flavor": flavor})
    first, second = sizes
    return first, second
