"""`pileus agent`: the agent of one host, whose control plane runs elsewhere."""

from __future__ import annotations

import os
import time
from pathlib import Path

import click
import msgspec

from pileus.cli.ending import Ending
from pileus.cli.options import settings_option, state_of, state_option
from pileus.cli.settings import settings_of
from pileus.clients.transport import Transport
from pileus.compute.agent.agents import Agents
from pileus.kit import log
from pileus.kit.errors import Conflict
from pileus.wiring.agent import new_agent, new_bus


class BusMissing(Conflict):
    """An agent alone has nobody to listen to."""

    message = (
        "An agent on its own gets its orders over the bus, and no bus is set. Write into {file} what compute has too:"
        '\n\n    [bus]\n    url = "amqp://user:password@host:5672/vhost"\n\n'
        "or set PILEUS_BUS__URL. `pileus up` needs none: it has an agent of its own."
    )


@click.command("agent")
@state_option
@settings_option
@click.option("--driver", type=click.Choice(["libvirt", "fake"]), help="What runs the guests (default: libvirt).")
@click.option("--host", metavar="NAME", help="What the control plane calls this host (default: the machine's name).")
def command(state_path: Path | None, settings_path: Path | None, driver: str | None, host: str | None) -> None:
    """Run an agent alone. It needs the bus, and neither a database nor an account of the cloud."""
    state = state_of(state_path)
    state.prepare()
    settings = settings_of(state, file=settings_path, driver=driver)
    if not settings.bus.url:
        raise BusMissing(file=settings_path or state.settings)
    name = state.host_name(host or settings.agent.host)
    settings = msgspec.structs.replace(settings, agent=msgspec.structs.replace(settings.agent, host=name))
    lock = state.lock()
    log.configure(file=state.path / "logs" / "agent.log", level=settings.log_level)
    ending = Ending()
    bus = new_bus(settings)
    transport = Transport(settings.tls.ca or settings.auth.ca_file or None)
    try:
        agent = new_agent(settings, state, bus, transport)  # here and now: whoever starts it is told what is lacking
        agents = Agents([lambda: agent], settings.agent.heartbeat_s)
        agents.start()
        state.say(pid=os.getpid(), urls={}, driver=settings.agent.driver, started_at=time.time())
        click.echo(f"the agent of {name} runs ({settings.agent.driver} driver, state {state.path})")
        ending.wait()
        agents.stop()
    finally:
        bus.close()
        transport.close()
        state.runtime.unlink(missing_ok=True)
        lock.release()
