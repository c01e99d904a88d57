"""Asking hosts about their guests' consoles."""

from __future__ import annotations

from pileus.compute.backend import Backend
from pileus.compute.messages import ConsoleOutput, ConsoleText, address_of
from pileus.compute.model.errors import InstanceNotReady
from pileus.compute.model.server import Server


def output(backend: Backend, server: Server, lines: int | None) -> str:
    """Return what a server's serial console shows: the last `lines` of it, or all.

    Raises InstanceNotReady, and NoAnswer if the host is silent.
    """
    if server.host is None:
        raise InstanceNotReady(server_id=server.id)
    question = ConsoleOutput(server_id=server.id, lines=lines)
    answer = backend.bus.ask(address_of(server.host), question, timeout_s=backend.settings.console_timeout_s)
    if not isinstance(answer, ConsoleText):
        raise InstanceNotReady(server_id=server.id)
    return answer.text
