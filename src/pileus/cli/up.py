"""`pileus up`: a whole cloud in one process."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import click

from pileus.cli import banner
from pileus.cli.access import people_of, write_access
from pileus.cli.ending import Ending
from pileus.cli.options import settings_option, state_of, state_option
from pileus.cli.settings import settings_of
from pileus.identity.db import catalog
from pileus.identity.operations.bootstrap import ACCOUNTS
from pileus.kit import log
from pileus.kit.errors import Conflict
from pileus.kit.state import StateDirectory
from pileus.wiring.cloud import Cloud
from pileus.wiring.settings import SERVICES, Settings

DETACH_TIMEOUT_S = 120


class NotStarted(Conflict):
    """The process in the background ended before it was ready."""

    message = "The cloud did not start. {reason}"


class NotReady(Conflict):
    """The process in the background takes too long."""

    message = (
        "The cloud is not ready after {timeout_s} s. Process {pid} goes on starting; {log} says how far it is, and "
        "`pileus down` stops it."
    )


@click.command("up")
@state_option
@settings_option
@click.option("--port-offset", type=int, default=0, help="Added to every port, to run beside another cloud.")
@click.option("--listen", metavar="ADDRESS", help="Where to listen (default: 127.0.0.1).")
@click.option("--driver", type=click.Choice(["libvirt", "fake"]), help="What runs the guests (default: libvirt).")
@click.option("--hosts", type=click.IntRange(1), help="How many hosts --driver fake pretends to have (default: 1).")
@click.option("--no-agent", is_flag=True, help="Run no guests here; agents on other hosts do (they need [bus] url).")
@click.option("--region", metavar="NAME", help="The region's name (default: RegionOne).")
@click.option(
    "--identity",
    "identity_url",
    metavar="URL",
    help="Use another identity service, as http://host:5000/v3. Its administrator's password, given once as "
    "PILEUS_AUTH__ADMIN__PASSWORD, registers this cloud there.",
)
@click.option("--detach", is_flag=True, help="Go on in the background once everything answers.")
def command(
    state_path: Path | None,
    settings_path: Path | None,
    port_offset: int,
    listen: str | None,
    driver: str | None,
    hosts: int | None,
    no_agent: bool,
    region: str | None,
    identity_url: str | None,
    detach: bool,
) -> None:
    """Start identity, image, placement, compute and an agent; with --identity all but the first."""
    started = time.monotonic()
    state = state_of(state_path)
    is_new = not (state.path / "format").exists()
    state.prepare()
    settings = settings_of(
        state,
        file=settings_path,
        port_offset=port_offset,
        listen=listen,
        driver=driver,
        hosts=hosts,
        region=region,
        identity_url=identity_url,
    )
    if detach:
        _detach(state)
        banner.show(state, seconds=time.monotonic() - started, is_new=is_new, is_detached=True)
        return
    _run(state, settings, started, is_new=is_new, has_agent=not no_agent)


def _run(state: StateDirectory, settings: Settings, started: float, *, is_new: bool, has_agent: bool) -> None:
    lock = state.lock()
    state.runtime.unlink(missing_ok=True)
    log.configure(file=state.log, level=settings.log_level)
    ending = Ending()
    services = SERVICES[1:] if settings.auth.url else SERVICES
    cloud = Cloud(settings, state, services=services, has_agent=has_agent)
    try:
        cloud.start()
        people = people_of(settings.auth, cloud.auth_url(), state.secrets(ACCOUNTS))
        if people:  # else what an earlier start wrote is still right
            write_access(state, people, _regions(cloud), settings.tls.ca)
        urls = {service: cloud.root_url(service) for service in services}
        facts = {"urls": urls, "driver": settings.agent.driver, "ca": settings.tls.ca}
        facts |= {"region": cloud.region(), "identity": settings.auth.url}
        state.say(pid=os.getpid(), started_at=time.time(), **facts)
        banner.show(state, seconds=time.monotonic() - started, is_new=is_new, is_detached=False)
        ending.wait()
        click.echo("stopping …")
    finally:
        cloud.stop()
        state.runtime.unlink(missing_ok=True)
        lock.release()


def _regions(cloud: Cloud) -> list[str]:
    """Return the regions of the identity service, as far as we know them; our own first."""
    own, others = cloud.region(), cloud.other_regions
    if "identity" in cloud.databases:
        with cloud.databases["identity"].read() as tx:
            others = [region.id for region in catalog.list_regions(tx)]
    return [own, *(other for other in others if other != own)]


def _detach(state: StateDirectory) -> None:
    """Start the same command without --detach in a session of its own, and wait until it says that it is ready."""
    state.lock().release()  # complain here, where somebody reads it
    state.runtime.unlink(missing_ok=True)
    output = state.path / "logs" / "up.out"
    words = [word for word in sys.argv[1:] if word != "--detach"]
    with output.open("w") as file:
        child = subprocess.Popen(
            [sys.executable, "-m", "pileus", *words],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + DETACH_TIMEOUT_S
    while not state.runtime.exists():
        if child.poll() is not None:
            raise NotStarted(reason=output.read_text().strip().removeprefix("pileus: ") or f"It said nothing: {output}")
        if time.monotonic() > deadline:
            raise NotReady(timeout_s=DETACH_TIMEOUT_S, pid=child.pid, log=state.log)
        time.sleep(0.02)
