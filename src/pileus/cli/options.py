"""Options that several verbs share, and the settings that come of them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click
import msgspec

from pileus.kit.settings import load
from pileus.kit.state import StateDirectory
from pileus.wiring import SERVICES, Settings

state_option = click.option(
    "--state",
    "state_path",
    type=click.Path(path_type=Path, file_okay=False),
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


def settings_of(
    state: StateDirectory,
    *,
    file: Path | None = None,
    port_offset: int = 0,
    listen: str | None = None,
    driver: str | None = None,
    region: str | None = None,
    identity_url: str | None = None,
) -> Settings:
    """Return the settings file's values with the command line's over them."""
    settings = load(Settings, file or state.settings, os.environ)
    changes: dict[str, Any] = {}
    for service in SERVICES:
        section = getattr(settings, service)
        at = section.listen
        moved = msgspec.structs.replace(at, address=listen or at.address, port=at.port + port_offset)
        changes[service] = msgspec.structs.replace(section, listen=moved)
    if driver:
        changes["agent"] = msgspec.structs.replace(settings.agent, driver=driver)
    if region:
        changes["region"] = region
    if identity_url:
        changes["auth"] = msgspec.structs.replace(settings.auth, url=identity_url.rstrip("/"))
    return msgspec.structs.replace(settings, **changes)
