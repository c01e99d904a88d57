"""What handlers of actions share: the server, whether the caller may, and the beginning of the work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec

from pileus.compute.api.action import ActionRow
from pileus.compute.api.lookup import asker_of, server_of
from pileus.compute.backend import Backend
from pileus.compute.model.server import Server
from pileus.compute.operations.task import Asker
from pileus.kit.db import Transaction
from pileus.kit.http.message import Reply, Request

P = ParamSpec("P")
Verb = Callable[Concatenate[Transaction, Backend, Server, Asker, P], None]


def begin(request: Request, backend: Backend, verb: Verb[P], *args: P.args, **kwargs: P.kwargs) -> Reply:
    """Begin an action on the server that the path names, in one transaction."""

    def write(tx: Transaction) -> None:
        verb(tx, backend, server_of(request, tx), asker_of(request), *args, **kwargs)

    backend.database.write(write)
    return Reply.empty(202)


def beginning(verb: Verb[[]]) -> Callable[[Request, Backend, Any], Reply]:
    """Return the handler of an action of which nothing more need be said."""

    def handle(request: Request, backend: Backend, _value: Any) -> Reply:
        return begin(request, backend, verb)

    return handle


def action(name: str, handler: Any, rule: str, body: Any, **dates: Any) -> ActionRow:
    """Return the row of an action whose rule is named without its prefix."""
    return ActionRow(name=name, handler=handler, rule=f"os_compute_api:{rule}", body=body, **dates)
