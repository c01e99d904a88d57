"""Actions on a server: POST /servers/{server_id}/action."""

from __future__ import annotations

from typing import Any

from pileus.compute.api import remote_console, server_move, server_network, server_power, server_rebuild
from pileus.compute.api.action import dispatcher
from pileus.compute.api.begin import action
from pileus.compute.api.lookup import read_server
from pileus.compute.api.schema import server as schema
from pileus.compute.backend import Backend
from pileus.compute.operations import console
from pileus.kit.http.message import Reply, Request


def console_output(request: Request, backend: Backend, value: Any) -> Reply:
    """os-getConsoleOutput."""
    server = read_server(request, backend)
    length = value.get("length")
    lines = None if length is None or int(length) < 0 else int(length)
    return Reply.json({"output": console.output(backend, server, lines)})


ACTIONS = (
    *server_power.ACTIONS,
    *server_move.ACTIONS,
    *server_rebuild.ACTIONS,
    *server_network.ACTIONS,
    *remote_console.ACTIONS,
    action("os-getConsoleOutput", console_output, "os-console-output", schema.CONSOLE_OUTPUT),
)

_VOLUMES_BOOT = (
    "confirmResize", "revertResize", "reboot", "resize", "rebuild", "createImage", "os-start", "os-stop",
    "trigger_crash_dump",
)  # fmt: skip
VOLUMES_BOOT_ACTIONS = tuple(row for row in ACTIONS if row.name in _VOLUMES_BOOT)
"""What could also be done to a server under its other name, os-volumes_boot."""

run, run_on_volumes_boot = dispatcher(ACTIONS), dispatcher(VOLUMES_BOOT_ACTIONS)
