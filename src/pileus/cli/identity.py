"""`pileus identity`: the keys of tokens."""

from __future__ import annotations

from pathlib import Path

import click

from pileus.cli.options import state_of, state_option
from pileus.identity.tokens.keys import KeyFolder


@click.group("identity")
def command() -> None:
    """Look after identity's keys."""


@command.command("fernet-rotate")
@state_option
def fernet_rotate(state_path: Path | None) -> None:
    """Make the staged key primary and stage a new one. Running processes notice by themselves."""
    state = state_of(state_path)
    state.prepare()
    keys = KeyFolder(state.keys)
    keys.create_if_missing()
    click.echo(f"key {keys.rotate()} in {state.keys} is primary now; rotate no oftener than tokens live")
