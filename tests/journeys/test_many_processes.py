"""One cloud in many processes: a control plane, a broker, and agents that come and go."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from pileus.compute.agent.drivers.fake_guest import load
from pileus.kit.state import StateDirectory
from tests.crash.api import Api, Refused, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PORTS = (5000, 9292, 8778, 8774)
HOSTS = ("h1", "h2")
START_S = 60
SETTLE_S = 120  # more than the time after which a lost order is sent again
DOWN_TIME_S = "15"
IMAGE = bytes(range(256)) * 256


@dataclass
class Cloud:
    """The processes, each with a state directory of its own, as on hosts of their own."""

    folder: Path
    broker_url: str
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, *words: str, **settings: str) -> None:
        """Start a process and wait until it says that it is ready."""
        state = self.state(name)
        state.runtime.unlink(missing_ok=True)
        environment = {**os.environ, "PILEUS_BUS__URL": self.broker_url, "PILEUS_AGENT__HEARTBEAT_S": "1", **settings}
        with (self.folder / f"{name}.out").open("ab") as out:
            self.running[name] = subprocess.Popen(
                [sys.executable, "-m", "pileus", *words, "--state", str(state.path)],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
        wait_until(f"{name} does not start", lambda: state.runtime.exists() or self._has_ended(name), START_S)

    def start_agent(self, host: str) -> None:
        self.start(host, "agent", "--driver", "fake", "--host", host)

    def stop(self, name: str, number: signal.Signals = signal.SIGTERM) -> None:
        process = self.running.pop(name)
        process.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(START_S)
            return
        process.kill()
        process.wait()

    def state(self, name: str) -> StateDirectory:
        return StateDirectory(self.folder / name)

    def admin(self) -> Api:
        api = Api(self.state("control").clouds_yaml, "pileus")
        api.log_in()
        return api

    def guests(self, host: str) -> list[str]:
        """Return the servers whose guests a pretended hypervisor has."""
        return list(load(self.state(host).path / "instances")[0])

    def _has_ended(self, name: str) -> bool:
        if self.running[name].poll() is not None:
            raise AssertionError((self.folder / f"{name}.out").read_text())
        return False


@pytest.fixture
def cloud(tmp_path: Path, broker_url: str) -> Iterator[Cloud]:
    made = Cloud(tmp_path, broker_url)
    with ExitStack() as cleaning:
        cleaning.callback(lambda: [made.stop(name) for name in list(made.running)])
        words = ("up", "--no-agent", "--port-offset", str(free_offset()))
        made.start("control", *words, PILEUS_COMPUTE__SERVICE_DOWN_TIME_S=DOWN_TIME_S)
        with ThreadPoolExecutor() as pool:
            list(pool.map(made.start_agent, HOSTS))
        yield made


def test_servers_survive_an_agent_that_is_killed_and_leave_nothing(cloud: Cloud) -> None:
    admin = cloud.admin()
    wait_until("the hosts are not there", lambda: len(usages(admin)) == len(HOSTS), SETTLE_S)
    image = new_image(admin)
    servers = [boot(admin, image, f"server-{number}") for number in range(4)]
    cloud.stop("h2", signal.SIGKILL)
    cloud.start_agent("h2")
    wait_until("not all are ACTIVE", lambda: statuses(admin, servers) == ["ACTIVE"] * 4, SETTLE_S)
    assert set(used(admin)) >= {"VCPU", "MEMORY_MB"}
    assert "login:" in console(admin, servers[0])
    for server in servers:
        admin.call("compute", "DELETE", f"/servers/{server}")
    wait_until("not all are gone", lambda: not admin.call("compute", "GET", "/servers")["servers"], SETTLE_S)
    assert used(admin) == {}
    assert all(allocations(admin, provider) == {} for provider in usages(admin))


def test_servers_leave_a_host_whose_agent_was_killed(cloud: Cloud) -> None:
    admin = cloud.admin()
    wait_until("the hosts are not there", lambda: len(usages(admin)) == len(HOSTS), SETTLE_S)
    server = boot(admin, new_image(admin), "server")
    wait_until("it is not ACTIVE", lambda: statuses(admin, [server]) == ["ACTIVE"], SETTLE_S)
    first = host_of(admin, server)
    (other,) = set(HOSTS) - {first}
    cloud.stop(first, signal.SIGKILL)
    wait_until("the host is not down", lambda: state_of(admin, first) == "down", SETTLE_S)
    admin.call("compute", "POST", f"/servers/{server}/action", {"evacuate": {"onSharedStorage": False}})
    wait_until("it has not left", lambda: host_of(admin, server) == other and not is_busy(admin, server), SETTLE_S)
    assert statuses(admin, [server]) == ["ACTIVE"]
    assert set(cloud.guests(first)) == set(cloud.guests(other)) == {server}
    cloud.start_agent(first)
    wait_until("what it still had is not gone", lambda: not cloud.guests(first), SETTLE_S)
    assert set(cloud.guests(other)) == {server}
    assert [set(held) for held in (allocations(admin, one) for one in usages(admin)) if held] == [{server}]


def test_the_broker_may_go_away_and_come_back(tmp_path: Path, broker: Any) -> None:
    cloud = Cloud(tmp_path, broker.server.create(broker.home, "cloud"))
    try:
        cloud.start("control", "up", "--no-agent", "--port-offset", str(free_offset()))
        cloud.start_agent("h1")
        admin = cloud.admin()
        wait_until("the host is not there", lambda: len(usages(admin)) == 1, SETTLE_S)
        image = new_image(admin)
        broker.kill()
        server = boot(admin, image, "server")
        assert statuses(admin, [server]) == ["BUILD"]
        broker.start()
        wait_until("it is not ACTIVE", lambda: statuses(admin, [server]) == ["ACTIVE"], SETTLE_S)
        assert "login:" in console(admin, server)
    finally:
        for name in list(cloud.running):
            cloud.stop(name)


def new_image(admin: Api) -> str:
    body = {"name": "image", "disk_format": "raw", "container_format": "bare"}
    image = str(admin.call("image", "POST", "/v2/images", body)["id"])
    admin.call("image", "PUT", f"/v2/images/{image}/file", body=IMAGE)
    return image


def boot(admin: Api, image: str, name: str) -> str:
    body = {"server": {"name": name, "imageRef": image, "flavorRef": "1"}}
    return str(admin.call("compute", "POST", "/servers", body)["server"]["id"])


def statuses(admin: Api, servers: list[str]) -> list[str]:
    found = [admin.call("compute", "GET", f"/servers/{server}")["server"] for server in servers]
    assert not [one for one in found if one["status"] == "ERROR"], found
    return [one["status"] for one in found]


def _shown(admin: Api, server: str) -> dict[str, Any]:
    return dict(admin.call("compute", "GET", f"/servers/{server}")["server"])


def host_of(admin: Api, server: str) -> str:
    return str(_shown(admin, server)["OS-EXT-SRV-ATTR:host"])


def is_busy(admin: Api, server: str) -> bool:
    return _shown(admin, server)["OS-EXT-STS:task_state"] is not None


def state_of(admin: Api, host: str) -> str:
    """Whether a host is up or down."""
    (found,) = admin.call("compute", "GET", f"/os-services?binary=nova-compute&host={host}")["services"]
    return str(found["state"])


def console(admin: Api, server: str) -> str:
    return str(admin.call("compute", "POST", f"/servers/{server}/action", {"os-getConsoleOutput": {}})["output"])


def usages(admin: Api) -> dict[str, dict[str, int]]:
    """Provider → what is used of it; only those that have an inventory."""
    found = {}
    for provider in admin.call("placement", "GET", "/resource_providers")["resource_providers"]:
        of = admin.call("placement", "GET", f"/resource_providers/{provider['uuid']}/usages")["usages"]
        if of:
            found[provider["uuid"]] = of
    return found


def used(admin: Api) -> dict[str, int]:
    return {name: amount for of in usages(admin).values() for name, amount in of.items() if amount}


def allocations(admin: Api, provider: str) -> dict[str, Any]:
    with suppress(Refused):
        return dict(admin.call("placement", "GET", f"/resource_providers/{provider}/allocations")["allocations"])
    return {"it": "does not answer"}


def free_offset() -> int:
    """A number that can be added to all ports."""
    for offset in random.sample(range(10_000, 20_000), 100):
        with suppress(OSError), ExitStack() as stack:
            for port in PORTS:
                stack.enter_context(socket.socket()).bind(("127.0.0.1", port + offset))
            return offset
    raise RuntimeError("no ports are free")
