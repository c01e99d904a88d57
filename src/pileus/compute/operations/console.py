"""Asking hosts about their guests: what their consoles show, where these listen, and how the guests are."""

from __future__ import annotations

from datetime import timedelta

from pileus.compute.backend import Backend
from pileus.compute.db import console_token as tokens
from pileus.compute.messages import (
    ConsoleAddress,
    ConsoleConnection,
    ConsoleOutput,
    ConsoleText,
    Diagnostics,
    GuestDiagnostics,
    address_of,
)
from pileus.compute.model.console import PROTOCOL_OF, Console, url_of
from pileus.compute.model.error.console import ConsoleTypeInvalid, ConsoleTypeUnavailable
from pileus.compute.model.error.server import InstanceInvalidState, InstanceNotReady
from pileus.compute.model.power import PowerState
from pileus.compute.model.server import Server
from pileus.compute.settings import ConsoleSettings
from pileus.kit import ids

TOKEN_BITS = 256


def output(backend: Backend, server: Server, lines: int | None) -> str:
    """Return what a server's serial console shows: the last `lines` of it, or all.

    Raises InstanceNotReady, and NoAnswer if the host is silent.
    """
    answer = _ask(backend, server, ConsoleOutput(server_id=server.id, lines=lines))
    if not isinstance(answer, ConsoleText):
        raise InstanceNotReady(server_id=server.id)
    return answer.text if lines is None else _last(answer.text, lines)


def _last(text: str, lines: int) -> str:
    """Return the last so many lines, of which what follows the last line break is one, even if that is nothing."""
    return "\n".join(text.split("\n")[-lines:]) if lines else ""


def diagnostics(backend: Backend, server: Server) -> GuestDiagnostics:
    """Return how a server's guest is.

    Raises InstanceInvalidState unless it runs, InstanceNotReady, and NoAnswer if the host is silent.
    """
    if server.host is not None and server.power_state != PowerState.RUNNING:
        raise InstanceInvalidState(
            action="get_diagnostics", server_id=server.id, attribute="power state", state=server.power_state
        )
    answer = _ask(backend, server, Diagnostics(server_id=server.id))
    if not isinstance(answer, GuestDiagnostics):
        raise InstanceNotReady(server_id=server.id)
    return answer


def connect(backend: Backend, server: Server, console_type: str, protocol: str) -> str:
    """Return the URL of a server's console, which leads there for as long as its token lasts.

    Raises ConsoleTypeUnavailable, ConsoleTypeInvalid, InstanceNotReady, and NoAnswer if the host is silent.
    """
    proxy_url = _proxy(backend.settings.console, console_type, protocol)
    answer = _ask(backend, server, ConsoleConnection(server_id=server.id, protocol=protocol))
    if not isinstance(answer, ConsoleAddress):
        raise ConsoleTypeUnavailable(console_type=console_type)
    now, token = backend.clock.now(), ids.new_secret(TOKEN_BITS)
    console = Console(
        server_id=server.id,
        console_type=console_type,
        host=answer.host,
        port=answer.port,
        tls_port=answer.tls_port,
        internal_access_path=answer.internal_access_path,
        expires_at=now + timedelta(seconds=backend.settings.console.token_ttl_s),
    )
    backend.database.write(tokens.add, token, console, now)
    return url_of(proxy_url, console_type, token)


def _proxy(settings: ConsoleSettings, console_type: str, protocol: str) -> str:
    urls = {
        "novnc": settings.novnc_url, "spice-html5": settings.spice_html5_url, "serial": settings.serial_url,
        "spice-direct": settings.spice_direct_url, "webmks": settings.webmks_url,
    }  # fmt: skip
    if not any(url for name, url in urls.items() if PROTOCOL_OF[name] == protocol):
        raise ConsoleTypeUnavailable(console_type=console_type)
    if PROTOCOL_OF.get(console_type) != protocol or not urls.get(console_type):
        raise ConsoleTypeInvalid(console_type=console_type)
    return urls[console_type]


def _ask(backend: Backend, server: Server, question: object) -> object:
    if server.host is None:
        raise InstanceNotReady(server_id=server.id)
    return backend.bus.ask(address_of(server.host), question, timeout_s=backend.settings.console_timeout_s)
