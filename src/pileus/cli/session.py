"""How a command asks the cloud's services: as an administrator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from pileus.clients.account import admin_credentials, credentials_of
from pileus.clients.session import Credentials, Session
from pileus.clients.transport import Transport
from pileus.identity.operations.bootstrap import ACCOUNTS
from pileus.kit.clock import SystemClock
from pileus.kit.state import StateDirectory
from pileus.wiring.cloud import Cloud
from pileus.wiring.settings import Settings


@contextmanager
def open_session(settings: Settings, state: StateDirectory) -> Iterator[Session]:
    """Open a session with the cloud of a state directory.

    Its identity service knows an administrator from the first start. With somebody else's, `[auth.admin]` says who is
    one, or the user of a service is.
    """
    transport = Transport(settings.tls.ca or settings.auth.ca_file or state.said().get("ca") or None)
    try:
        yield Session(transport, _credentials(settings, state), SystemClock())
    finally:
        transport.close()


def _credentials(settings: Settings, state: StateDirectory) -> Credentials:
    auth, region = settings.auth, _region(settings, state)
    if not auth.url:
        running = state.said().get("urls", {}).get("identity") or Cloud(settings, state).root_url("identity")
        password = state.secrets(ACCOUNTS)["admin"]
        return Credentials(
            auth_url=f"{running}/v3", username="admin", password=password, project_name="admin", region=region
        )
    if auth.admin.password:
        return replace(admin_credentials(auth), region=region)
    return credentials_of("placement", auth, state, auth_url=auth.url, region=region)


def _region(settings: Settings, state: StateDirectory) -> str:
    """Return the region whose services are meant; any, if the cloud was never started: who asks must not choose it."""
    is_started = (state.path / "region").exists()
    return settings.auth.region or (state.region(settings.region) if is_started else settings.region)
