"""Actions on a server: POST /servers/{server_id}/action."""

from __future__ import annotations

from typing import Any

from pileus.compute.api.action import ActionRow, dispatcher
from pileus.compute.api.lookup import asker_of, read_server, server_of
from pileus.compute.api.schema import server as schema
from pileus.compute.backend import Backend
from pileus.compute.operations import console, image, power
from pileus.compute.operations import server as operations
from pileus.kit.db import Transaction
from pileus.kit.http.message import Reply, Request


def start(request: Request, backend: Backend, _value: Any) -> Reply:
    """os-start."""

    def begin(tx: Transaction) -> None:
        power.start(tx, backend.work, server_of(request, tx), asker_of(request), backend.clock.now())

    backend.database.write(begin)
    backend.work.nudge()
    return Reply.empty(202)


def stop(request: Request, backend: Backend, _value: Any) -> Reply:
    """os-stop."""

    def begin(tx: Transaction) -> None:
        power.stop(tx, backend.work, server_of(request, tx), asker_of(request), backend.clock.now())

    backend.database.write(begin)
    backend.work.nudge()
    return Reply.empty(202)


def reboot(request: Request, backend: Backend, value: Any) -> Reply:
    """Reboot."""
    is_hard = value["type"].upper() == "HARD"

    def begin(tx: Transaction) -> None:
        server, asker = server_of(request, tx), asker_of(request)
        power.reboot(tx, backend.work, server, asker, backend.clock.now(), is_hard=is_hard)

    backend.database.write(begin)
    backend.work.nudge()
    return Reply.empty(202)


def create_image(request: Request, backend: Backend, value: Any) -> Reply:
    """CreateImage."""
    server = read_server(request, backend)
    properties = value.get("metadata", {})
    image_id = image.create(backend, server, value["name"], properties, asker_of(request), request.context.token)
    return Reply.empty(202, {"location": f"{backend.images.endpoint()}/images/{image_id}"})


def console_output(request: Request, backend: Backend, value: Any) -> Reply:
    """os-getConsoleOutput."""
    server = read_server(request, backend)
    length = value.get("length")
    lines = None if length is None or int(length) < 0 else int(length)
    return Reply.json({"output": console.output(backend, server, lines)})


def reset_state(request: Request, backend: Backend, value: Any) -> Reply:
    """os-resetState."""

    def reset(tx: Transaction) -> None:
        operations.reset_state(tx, server_of(request, tx), value["state"], backend.clock.now())

    backend.database.write(reset)
    return Reply.empty(202)


def _row(name: str, handler: Any, rule: str, body: Any, **dates: Any) -> ActionRow:
    return ActionRow(name=name, handler=handler, rule=f"os_compute_api:{rule}", body=body, **dates)


ACTIONS = (
    _row("os-start", start, "servers:start", schema.START),
    _row("os-stop", stop, "servers:stop", schema.STOP),
    _row("reboot", reboot, "servers:reboot", schema.REBOOT),
    _row("createImage", create_image, "servers:create_image", schema.CREATE_IMAGE),
    _row("os-getConsoleOutput", console_output, "os-console-output", schema.CONSOLE_OUTPUT),
    _row("os-resetState", reset_state, "os-admin-actions:reset_state", schema.RESET_STATE),
)

run = dispatcher(ACTIONS)
