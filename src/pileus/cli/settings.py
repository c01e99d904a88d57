"""The settings of a command: the file's and the environment's, with the command line's over them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from pileus.kit.settings import load
from pileus.kit.state import StateDirectory
from pileus.wiring.settings import SERVICES, Settings


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
