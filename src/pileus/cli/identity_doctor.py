"""`pileus identity doctor`: what is wrong with an identity service, and what to do about it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pileus.cli.console import new_console
from pileus.cli.identity_checks import CHECKS, Patient, Trouble
from pileus.cli.options import settings_option, state_of, state_option
from pileus.cli.settings import require_own_identity, settings_of
from pileus.wiring.database import new_database

Results = Sequence[tuple[str, Sequence[Trouble]]]


@click.command("doctor")
@state_option
@settings_option
@click.option("--json", "is_json", is_flag=True, help="Print everything as one JSON document.")
def command(state_path: Path | None, settings_path: Path | None, is_json: bool) -> None:
    r"""Examine keys, files, passwords, users, policy, endpoints and clocks. It changes nothing, and identity may run.

    \b
    Exit code: 0  nothing is wrong, or nothing grave
               1  something grave is
    """
    state = state_of(state_path)
    state.prepare()
    settings = settings_of(state, file=settings_path)
    require_own_identity(settings, state)
    with closing(new_database(settings, state, "identity")) as database:
        patient = Patient(settings, state, database)
        results = [(name, list(check(patient))) for name, check in CHECKS]
    if is_json:
        click.echo(msgspec.json.encode([{"check": name, "troubles": found} for name, found in results]))
    else:
        _show(new_console(), results)
    sys.exit(any(one.is_grave for _, found in results for one in found))


def _show(console: Console, results: Results) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("check", "", "what to do"):
        table.add_column(title, overflow="fold")
    for name, found in results:
        if not found:
            table.add_row(name, "[green]well[/]", "")
        for one in found:
            colour = "red" if one.is_grave else "yellow"
            table.add_row(name, f"[{colour}]{escape(one.what)}[/]", f"[cyan]{escape(one.todo)}[/]")
    console.print(table)
