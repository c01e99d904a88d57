"""The agent of this host: what it is made of, and its start beside everything else."""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

from pileus.compute import messages
from pileus.compute.agent.agents import Agents
from pileus.kit.bus import chosen as chosen_bus
from pileus.kit.bus.codec import Codec
from pileus.kit.errors import Conflict

if TYPE_CHECKING:
    from pathlib import Path

    from pileus.clients.transport import Transport
    from pileus.compute.agent.agent import Agent
    from pileus.compute.agent.drivers.driver import Driver
    from pileus.compute.agent.settings import Settings as AgentSettings
    from pileus.kit.bus.bus import Bus
    from pileus.kit.state import StateDirectory
    from pileus.wiring.settings import Settings


class HostsNotFake(Conflict):
    """Only a fake host can be there several times."""

    message = "One machine is one host: [agent] hosts (--hosts) is for --driver fake, which only pretends."


class DriverLacking(Conflict):
    """The guests' driver needs what is not installed."""

    message = (
        "Guests are run through libvirt, and Python's binding to it is not installed: install `pileus[libvirt]` in "
        "place of `pileus`, or start with --driver fake, which only pretends."
    )


def require_driver(chosen: AgentSettings) -> None:
    """Make sure, without the time that an import takes, that the driver can be had.

    Raises DriverLacking, HostsNotFake.
    """
    if chosen.driver != "fake" and chosen.hosts > 1:
        raise HostsNotFake
    if chosen.driver == "libvirt" and find_spec("libvirt") is None:
        raise DriverLacking


def new_bus(settings: Settings) -> Bus:
    """Return the bus that the settings name. Raises BusLacking, BrokerUrlInvalid."""
    return chosen_bus.new_bus(settings.bus.url, Codec([messages]), ca_file=settings.tls.ca)


def new_agents(settings: Settings, state: StateDirectory, bus: Bus, transport: Transport) -> Agents:
    """Return this host's agent, and one for each further host that is pretended to be there."""
    require_driver(settings.agent)
    numbers = range(1, settings.agent.hosts + 1)
    new = [partial(new_agent, settings, state, bus, transport, number) for number in numbers]
    return Agents(new, settings.agent.heartbeat_s)


def new_agent(settings: Settings, state: StateDirectory, bus: Bus, transport: Transport, number: int = 1) -> Agent:
    """Return the agent of this host, or of the `number`th one that is pretended to be here.

    Finding out what the hypervisor can do may take seconds.
    """
    from pileus.clients.image import ImageBytes
    from pileus.compute.agent.agent import Agent
    from pileus.compute.agent.monitor import new_monitor

    chosen = settings.agent
    require_driver(chosen)
    host, path = state.host_name(chosen.host), state.path
    if number > 1:
        host, path = f"{host}-{number}", path / "hosts" / str(number)
    driver = new_driver(chosen, state, host, path)
    return Agent(
        host,
        driver,
        bus,
        ImageBytes(transport),
        path,
        measure=new_monitor(chosen.compute_monitors),
        base_image_keep_s=chosen.remove_unused_original_minimum_age_seconds
        if chosen.remove_unused_base_images
        else None,
    )


def new_driver(chosen: AgentSettings, state: StateDirectory, host: str, path: Path) -> Driver:
    """Return the hypervisor driver that the settings name."""
    if chosen.driver == "fake":
        from pileus.compute.agent.drivers.fake import FakeDriver
        from pileus.compute.agent.drivers.fake_host import pretended_resources

        resources = pretended_resources(host, chosen)
        return FakeDriver(resources, directory=path / "instances", latency_s=chosen.latency_s)
    from pileus.compute.agent.drivers.libvirt.cells import CpuSets
    from pileus.compute.agent.drivers.libvirt.driver import LibvirtDriver

    cpu_sets = CpuSets(chosen.cpu_shared_set, chosen.cpu_dedicated_set)
    return LibvirtDriver(path, state.cloud_id(), uri=chosen.libvirt_uri, hostname=host, cpu_sets=cpu_sets)
