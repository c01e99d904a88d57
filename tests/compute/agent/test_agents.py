from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from pileus.compute import messages
from pileus.compute.agent import agents as agents_module
from pileus.compute.agent.agent import Agent
from pileus.compute.agent.agents import Agents
from pileus.compute.agent.drivers.driver import HypervisorFailed
from pileus.compute.agent.drivers.fake import FakeDriver
from pileus.compute.messages import CONTROL, ConsoleOutput, GuestState, Heartbeat, Refused, address_of
from pileus.kit.bus.codec import Codec
from pileus.kit.bus.memory import MemoryBus
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

PATIENCE_S = 20.0


class Hypervisor(FakeDriver):
    """One that may not answer."""

    is_away = False

    def list_guests(self) -> Sequence[GuestState]:
        if self.is_away:
            raise HypervisorFailed("nobody is there")
        return super().list_guests()


class Site:
    """Hosts, and what their agents say."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.bus = MemoryBus(Codec([messages]))
        self.heard: queue.SimpleQueue[Heartbeat] = queue.SimpleQueue()
        self.bus.listen(CONTROL, self.heard.put)
        self.drivers: dict[str, Hypervisor] = {}
        self.agents: list[Agents] = []

    def new(self, host: str) -> Callable[[], Agent]:
        """What makes a host's agent, as soon as the host has a hypervisor."""
        no_images: Any = None
        return lambda: Agent(host, self.drivers[host], self.bus, no_images, self.path / host)

    def start(self, hosts: Sequence[str], heartbeat_s: float) -> Agents:
        agents = Agents([self.new(host) for host in hosts], heartbeat_s)
        self.agents.append(agents)
        agents.start()
        return agents

    def hear(self, count: int) -> list[str]:
        return [self.heard.get(timeout=PATIENCE_S).host for _ in range(count)]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path)
    yield site
    for agents in site.agents:
        agents.stop()
    site.bus.close()


def test_a_host_says_at_once_that_it_lives_and_then_again_and_again(site: Site) -> None:
    site.drivers["h1"] = Hypervisor()
    site.start(["h1"], 0.05)
    assert site.hear(4) == ["h1"] * 4


def test_very_many_hosts_each_say_that_they_live_and_take_no_thread(site: Site) -> None:
    hosts = [f"h{number}" for number in range(120)]
    site.drivers = {host: Hypervisor() for host in hosts}
    before = threading.active_count()
    site.start(hosts, 0.5)
    until(lambda: site.hear(1) == ["h119"])  # the last one is there
    assert set(site.hear(240)) == set(hosts)
    assert threading.active_count() - before < 10
    assert isinstance(site.bus.ask(address_of("h7"), ConsoleOutput(server_id="s"), PATIENCE_S), Refused)


def test_an_agent_that_cannot_start_keeps_no_other_from_it_and_is_tried_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agents_module, "RETRY_S", 0.05)
    site.drivers["h2"] = Hypervisor()
    agents = site.start(["h1", "h2"], 3600)
    assert site.hear(1) == ["h2"]
    until(lambda: agents.trouble() == "KeyError: 'h1'")
    site.drivers["h1"] = Hypervisor()
    until(lambda: site.hear(1) == ["h1"])  # h2's turn to say that it lives may have come before
    until(lambda: agents.trouble() is None)


def test_a_hypervisor_that_does_not_answer_is_trouble_until_it_does(site: Site) -> None:
    site.drivers = {"h1": Hypervisor(), "h2": Hypervisor()}
    site.drivers["h1"].is_away = True
    agents = site.start(["h1", "h2"], 0.05)
    until(lambda: agents.trouble() == "nobody is there")
    assert set(site.hear(3)) == {"h2"}
    site.drivers["h1"].is_away = False
    until(lambda: site.hear(1) == ["h1"])
    until(lambda: agents.trouble() is None)


def test_agents_that_are_stopped_are_silent(site: Site) -> None:
    site.drivers["h1"] = Hypervisor()
    agents = site.start(["h1", "h2"], 0.01)  # one of which never came up
    site.hear(2)
    agents.stop()
    site.bus.close()  # what they had said has arrived
    count = site.heard.qsize()
    time.sleep(0.1)
    assert site.heard.qsize() == count
