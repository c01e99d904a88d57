"""Options that several verbs share. Nothing here imports a service: `status` and `down` shall answer at once."""

from __future__ import annotations

from pathlib import Path

import click

from pileus.kit.state import StateDirectory

state_option = click.option(
    "--state",
    "state_path",
    type=click.Path(path_type=Path),
    envvar="PILEUS_STATE",
    help="Where the cloud keeps everything (default: pileus under the XDG state home).",
)
settings_option = click.option(
    "--settings",
    "settings_path",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A settings file (default: pileus.toml in the state directory).",
)


def state_of(path: Path | None) -> StateDirectory:
    """Return the state directory that was named, or the user's own."""
    return StateDirectory(path.absolute()) if path else StateDirectory.default()
