"""Actions on a server: POST /servers/{server_id}/action."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Concatenate, ParamSpec

from pileus.compute.api.action import ActionRow, dispatcher
from pileus.compute.api.lookup import asker_of, read_server, server_of
from pileus.compute.api.schema import server as schema
from pileus.compute.backend import Backend, Work
from pileus.compute.model.server import Server
from pileus.compute.operations import console, image, power
from pileus.compute.operations import server as operations
from pileus.compute.operations.task import Asker
from pileus.kit.db import Transaction
from pileus.kit.http.message import Reply, Request

P = ParamSpec("P")


def start(request: Request, backend: Backend, _value: Any) -> Reply:
    """os-start."""
    return _begin(request, backend, power.start)


def stop(request: Request, backend: Backend, _value: Any) -> Reply:
    """os-stop."""
    return _begin(request, backend, power.stop)


def reboot(request: Request, backend: Backend, value: Any) -> Reply:
    """Reboot."""
    return _begin(request, backend, power.reboot, is_hard=value["type"].upper() == "HARD")


def _begin(
    request: Request,
    backend: Backend,
    verb: Callable[Concatenate[Transaction, Work, Server, Asker, datetime, P], None],
    *args: P.args,
    **kwargs: P.kwargs,
) -> Reply:
    def begin(tx: Transaction) -> None:
        verb(tx, backend.work, server_of(request, tx), asker_of(request), backend.clock.now(), *args, **kwargs)

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
