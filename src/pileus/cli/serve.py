"""`pileus serve`: one service alone, beside others or beside somebody else's OpenStack."""

from __future__ import annotations

from pathlib import Path

import click

from pileus.cli.ending import Ending
from pileus.cli.options import settings_option, state_of, state_option
from pileus.cli.settings import settings_of
from pileus.kit import log
from pileus.wiring.cloud import Cloud
from pileus.wiring.settings import SERVICES


@click.command("serve")
@click.argument("service", type=click.Choice(SERVICES))
@state_option
@settings_option
@click.option("--port-offset", type=int, default=0, help="Added to the port.")
@click.option("--listen", metavar="ADDRESS", help="Where to listen (default: 127.0.0.1).")
def command(
    service: str, state_path: Path | None, settings_path: Path | None, port_offset: int, listen: str | None
) -> None:
    """Run SERVICE alone, without an agent. The settings say where its database and the identity service are."""
    state = state_of(state_path)
    state.prepare()
    settings = settings_of(state, file=settings_path, port_offset=port_offset, listen=listen)
    log.configure(file=state.path / "logs" / f"{service}.log", level=settings.log_level)
    ending = Ending()
    cloud = Cloud(settings, state, services=(service,), has_agent=False)
    cloud.start()
    click.echo(f"{service} answers at {cloud.root_url(service)}")
    ending.wait()
    cloud.stop()
