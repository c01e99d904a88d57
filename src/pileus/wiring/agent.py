"""The agent of this host: what it is made of, and its start beside everything else."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

from pileus.compute import messages
from pileus.kit import log
from pileus.kit.bus import chosen as chosen_bus
from pileus.kit.bus.codec import Codec
from pileus.kit.errors import Conflict, PileusError

if TYPE_CHECKING:
    from pathlib import Path

    from pileus.clients.transport import Transport
    from pileus.compute.agent.agent import Agent
    from pileus.compute.agent.drivers.driver import Driver
    from pileus.compute.agent.settings import Settings as AgentSettings
    from pileus.kit.bus.bus import Bus
    from pileus.kit.state import StateDirectory
    from pileus.wiring.settings import Settings

logger = log.get_logger("pileus")

RETRY_S = 15.0  # after a start that failed


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


def new_agents(settings: Settings, state: StateDirectory, bus: Bus, transport: Transport) -> list[AgentStart]:
    """Return what starts this host's agent, and one for each further host that is pretended to be there."""
    require_driver(settings.agent)
    state.host_name(settings.agent.host)  # chosen here and now, as the agents start side by side
    return [
        AgentStart(partial(new_agent, settings, state, bus, transport, number))
        for number in range(1, settings.agent.hosts + 1)
    ]


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
        heartbeat_s=chosen.heartbeat_s,
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
    from pileus.compute.agent.drivers.libvirt.driver import LibvirtDriver

    return LibvirtDriver(path, state.cloud_id(), uri=chosen.libvirt_uri, hostname=host)


class AgentStart:
    """Brings up the agent beside everything else: finding out what the hypervisor can do may take seconds."""

    def __init__(self, new: Callable[[], Agent]) -> None:
        self._new = new
        self._agent: Agent | None = None
        self._failure: str | None = None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="agent-start", daemon=True)

    def start(self) -> None:
        """Begin; the agent is there some time later."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the agent, or what would start it."""
        self._ending.set()
        if self._thread.ident is not None:
            self._thread.join(RETRY_S)
        if self._agent is not None:
            self._agent.stop()

    def trouble(self) -> dict[str, str]:
        """Return what is wrong, as a service's health names it: nothing, or `{"agent": why}`."""
        reason = self._failure or (self._agent.trouble() if self._agent else None)
        return {"agent": reason} if reason else {}

    def _run(self) -> None:
        """Start the agent; what keeps it from starting, such as a libvirt that is not there yet, may pass."""
        while not self._ending.is_set():
            try:
                agent = self._agent = self._new()
                agent.start()
                self._failure = None
                return
            except Exception as error:
                self._failure = _words(error)
                logger.exception("the agent could not start")
            self._ending.wait(RETRY_S)


def _words(error: Exception) -> str:
    return str(error) if isinstance(error, PileusError) else f"{type(error).__name__}: {error}"
