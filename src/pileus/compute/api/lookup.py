"""Finding what a request names, and whether its caller may do the thing to it."""

from __future__ import annotations

from pileus.compute.backend import Backend
from pileus.compute.db import server as servers
from pileus.compute.model.errors import InstanceNotFound
from pileus.compute.model.server import Server
from pileus.compute.operations.task import Asker
from pileus.kit.db import Transaction
from pileus.kit.http.message import Request


def asker_of(request: Request) -> Asker:
    """Return on whose behalf the request acts."""
    context = request.context
    return Asker(user_id=context.user_id, project_id=context.project_id or "", request_id=request.id)


def server_of(request: Request, tx: Transaction, rule: str | None = None) -> Server:
    """Return the server that the path names; `rule`: another than the route's.

    Raises Forbidden, and InstanceNotFound also in its place if the server is another project's.
    """
    server = servers.get(tx, request.params["server_id"])
    is_own, target = server.project_id == request.context.project_id, server.policy_target
    if not is_own and not request.may(rule or request.rule or "", target):
        raise InstanceNotFound(server_id=server.id)
    request.require(target, rule)
    return server


def read_server(request: Request, backend: Backend, rule: str | None = None) -> Server:
    """Return the server that the path names, in a transaction of its own."""
    with backend.database.read() as tx:
        return server_of(request, tx, rule)
