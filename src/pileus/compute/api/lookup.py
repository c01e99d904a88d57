"""Finding what a request names, and whether its caller may do the thing to it."""

from __future__ import annotations

from pileus.compute.api import parse
from pileus.compute.backend import Backend
from pileus.compute.db import server as servers
from pileus.compute.model.error.migration import MigrationNotOfServer
from pileus.compute.model.error.quota import ProjectInvalid
from pileus.compute.model.error.server import InstanceNotFound
from pileus.compute.model.server import Server
from pileus.compute.operations.task import Asker
from pileus.kit.db import Transaction
from pileus.kit.http.message import Request


def asker_of(request: Request) -> Asker:
    """Return on whose behalf the request acts."""
    context = request.context
    project_id = context.project_id or ""
    may_pass_lock = request.may("context_is_admin", {"project_id": project_id})
    return Asker(
        user_id=context.user_id, project_id=project_id, request_id=request.id, may_pass_lock=may_pass_lock
    )  # fmt: skip


def server_of(request: Request, tx: Transaction, rule: str | None = None, *, may_be_deleted: bool = False) -> Server:
    """Return the server that the path names; `rule`: another than the route's.

    Raises Forbidden, and InstanceNotFound also in its place if the server is another project's.
    """
    server = servers.get(tx, request.params["server_id"], may_be_deleted=may_be_deleted)
    _require(request, server, rule)
    return server


def _require(request: Request, server: Server, rule: str | None) -> None:
    is_own, target = server.project_id == request.context.project_id, server.policy_target
    if not is_own and not request.may(rule or request.rule or "", target):
        raise InstanceNotFound(server_id=server.id)
    request.require(target, rule)


def require_project(request: Request, backend: Backend, project_id: str) -> None:
    """Raise ProjectInvalid if the identity service has no such project."""
    if not backend.projects.exists(project_id, request.context.token):
        raise ProjectInvalid(project_id=project_id)


def migration_number(request: Request) -> int:
    """Return which migration the path names. Raises MigrationNotOfServer if no migration can have that id."""
    text = request.params["migration_id"]
    if not parse.is_whole(text):
        raise MigrationNotOfServer(migration_id=text, server_id=request.params["server_id"])
    return int(text)


def read_server(request: Request, backend: Backend, rule: str | None = None) -> Server:
    """Return the server that the path names as `server_of` does: what is committed, which may be in memory."""
    server = backend.seen.read(servers.get, request.params["server_id"])
    _require(request, server, rule)
    return server
