"""`pileus database`: the schemas of the services' databases."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from pileus.cli.options import settings_option, state_of, state_option
from pileus.cli.settings import settings_of
from pileus.compute.operations import history
from pileus.identity.operations import history as identity_history
from pileus.kit.clock import SystemClock
from pileus.kit.db import Database
from pileus.wiring.database import migrations_of, new_database
from pileus.wiring.settings import SERVICES

NOTHING_TO_PURGE = {
    "image": "keeps nothing of a deleted image but its id, and that for good, so that it is never given again",
    "placement": "keeps nothing that was deleted",
}

services_argument = click.argument("services", nargs=-1, type=click.Choice(SERVICES))


@click.group("database")
def command() -> None:
    """Look after the databases' schemas. Without SERVICES a command goes through all four."""


@command.command()
@services_argument
@state_option
@settings_option
def sync(services: tuple[str, ...], state_path: Path | None, settings_path: Path | None) -> None:
    """Bring the schema to this release's version."""
    for service, database in _databases(services, state_path, settings_path):
        changed = migrations_of(service).sync(database)
        click.echo(f"{service}: {'synchronised to' if changed else 'is at'} {migrations_of(service).newest()}")


@command.command()
@services_argument
@state_option
@settings_option
def version(services: tuple[str, ...], state_path: Path | None, settings_path: Path | None) -> None:
    """Show the schema's version."""
    for service, database in _databases(services, state_path, settings_path):
        current = migrations_of(service).current(database)
        click.echo(f"{service}: {current or 'empty'} (this release: {migrations_of(service).newest()})")


@command.command()
@services_argument
@state_option
@settings_option
def check(services: tuple[str, ...], state_path: Path | None, settings_path: Path | None) -> None:
    """Compare the databases with what this release expects; the exit code is 1 if one differs."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("database", "version", "schema"):
        table.add_column(title)
    wrong = 0
    for service, database in _databases(services, state_path, settings_path):
        current = migrations_of(service).current(database)
        differences = (
            migrations_of(service).differences(database) if current else ["it is empty: run `pileus database sync`"]
        )
        wrong += bool(differences)
        table.add_row(
            service, current or "-", "[green]as expected[/]" if not differences else "[red]" + "\n".join(differences)
        )
    Console(highlight=False).print(table)
    sys.exit(1 if wrong else 0)


@command.command()
@services_argument
@click.option(
    "--days",
    type=click.IntRange(min=0),
    default=30,
    show_default=True,
    help="Keep what was deleted or ended within so many days.",
)
@state_option
@settings_option
def purge(services: tuple[str, ...], days: int, state_path: Path | None, settings_path: Path | None) -> None:
    """Forget for good what was deleted, and work that ended, long ago."""
    before = SystemClock().now() - timedelta(days=days)
    verbs: dict[str, Callable[..., int]] = {
        "identity": identity_history.purge,
        "compute": history.purge,
    }
    for service, database in _databases(services, state_path, settings_path):
        if service in verbs:
            count = database.write(verbs[service], before)
            click.echo(f"{service}: {count} rows forgotten")
        else:
            click.echo(f"{service}: {NOTHING_TO_PURGE[service]}")


def _databases(
    services: tuple[str, ...], state_path: Path | None, settings_path: Path | None
) -> Iterator[tuple[str, Database]]:
    state = state_of(state_path)
    state.prepare()
    settings = settings_of(state, file=settings_path)
    for service in services or SERVICES:
        with closing(new_database(settings, state, service)) as database:
            yield service, database
