"""The same servers in a cloud and in a replay: who decides is the same, so each goes to the same host."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from pileus.compute.agent.drivers.fake_host import RESOURCES
from pileus.compute.model.flavor import STANDARD
from pileus.compute.scheduler.catalog import new_scheduler
from pileus.compute.settings import SchedulerSettings, Settings
from pileus.replay.fake_hosts import FakeHosts, HostPlan
from pileus.replay.replay import replay
from pileus.replay.request import Request, Size
from pileus.replay.trace.file import Trace
from tests.compute.world import World

HOSTS = ("host-1", "host-2", "host-3")
SERVERS = 24
SPREADING, PACKING = SchedulerSettings(), SchedulerSettings(ram_weight_multiplier=-1.0, cpu_weight_multiplier=-1.0)


class Watched(FakeHosts):
    """Hosts that remember who came where."""

    def __init__(self, plan: HostPlan, settings: Settings) -> None:
        super().__init__(plan, settings)
        self.host_of: dict[str, str] = {}

    def claim(self, number: int, server_id: str, amounts: Mapping[str, int]) -> None:
        super().claim(number, server_id, amounts)
        self.host_of[server_id] = HOSTS[number]


def a_day() -> list[Request]:
    """Servers of all flavors, one each second; some go before the last comes."""
    dice = random.Random(3)  # noqa: S311 (a test, the same each time)
    requests = []
    for second in range(SERVERS):
        flavor = dice.choice(STANDARD)
        size = Size(flavor.vcpus, flavor.memory_mb, flavor.disk_gb)
        end_s = dice.choice([None, second + 4, second + 9])
        requests.append(Request(id=str(second), start_s=second, end_s=end_s, size=size, flavor=flavor.id))
    return requests


@pytest.fixture(params=[SPREADING, PACKING], ids=["spreading", "packing"])
def settings(request: pytest.FixtureRequest) -> Settings:
    return Settings(scheduler=request.param, ram_allocation_ratio=1.0)


@pytest.fixture
def world(tmp_path: Path, settings: Settings) -> Iterator[World]:
    world = World(tmp_path, settings)
    for name in HOSTS:
        world.new_host(name)
    yield world
    world.close()


def in_the_cloud(world: World, requests: list[Request]) -> dict[str, str | None]:
    """Where compute puts them."""
    ids: dict[str, str] = {}
    hosts: dict[str, str | None] = {}
    for request in requests:
        for gone in [one for one in requests if one.end_s == request.start_s and hosts[one.id] is not None]:
            assert world.delete(ids[gone.id]) == 204
            world.settle()
        ids[request.id] = world.boot(flavorRef=request.flavor)
        world.settle()
        hosts[request.id] = world.server(ids[request.id]).host
    return hosts


def test_each_server_goes_to_the_host_that_compute_takes(world: World, settings: Settings) -> None:
    requests = a_day()
    size = Size(RESOURCES.vcpus, RESOURCES.memory_mb, RESOURCES.disk_gb)
    hosts = Watched(HostPlan(count=len(HOSTS), sizes=[size]), settings)
    outcome = replay(Trace(requests, 0), hosts, new_scheduler(settings), settings, progress=lambda *_: None)
    assert outcome.most_hosts_in_use > 1
    assert {one.id: hosts.host_of.get(one.id) for one in requests} == in_the_cloud(world, requests)
