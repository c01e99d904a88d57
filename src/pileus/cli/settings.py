"""The settings of a command: the file's and the environment's, with the command line's over them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from pileus.kit.errors import Conflict
from pileus.kit.settings import SettingInvalid, load
from pileus.kit.state import StateDirectory
from pileus.wiring.settings import SERVICES, Settings


class NoIdentityHere(Conflict):
    """The cloud of a state directory has no identity service of its own."""

    message = (
        "There is no identity service in {path}. If its cloud uses another one, say which by PILEUS_AUTH__URL=URL, or "
        "start the cloud first."
    )


def settings_of(
    state: StateDirectory,
    *,
    file: Path | None = None,
    port_offset: int = 0,
    listen: str | None = None,
    driver: str | None = None,
    hosts: int | None = None,
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
    agent = settings.agent
    changes["agent"] = msgspec.structs.replace(agent, driver=driver or agent.driver, hosts=hosts or agent.hosts)
    if region:
        changes["region"] = region
    url = identity_url or settings.auth.url or _identity_in_use(state)
    if url:
        source = "--identity" if identity_url else "[auth] url"
        changes["auth"] = msgspec.structs.replace(settings.auth, url=_keystone_url(url, source))
    return msgspec.structs.replace(settings, **changes)


def require_own_identity(settings: Settings, state: StateDirectory) -> None:
    """Make sure that identity has run here. Raises NoIdentityHere."""
    is_file = not settings.identity.database.url
    if is_file and not Path(state.database_url("identity").removeprefix("sqlite:///")).exists():
        raise NoIdentityHere(path=state.path)


def _identity_in_use(state: StateDirectory) -> str:
    """Return the identity service that the cloud was started with; empty if it is its own, or none runs."""
    return str(state.said().get("identity", "")) if state.running_pid() is not None else ""


def _keystone_url(given: str, source: str) -> str:
    """Return the URL of an identity service's version 3; operators often name its root. Raises SettingInvalid."""
    url = given.rstrip("/")
    if not url.startswith(("http://", "https://")):
        raise SettingInvalid(source=source, reason=f"'{given}' is no URL, such as http://keystone.example.com:5000/v3")
    return url if url.endswith("/v3") else f"{url}/v3"
