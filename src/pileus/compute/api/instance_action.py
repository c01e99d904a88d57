"""What was done to a server."""

from __future__ import annotations

from typing import Any

from pileus.compute.api import versions as v
from pileus.compute.api.changes import changes_of
from pileus.compute.api.links import next_links
from pileus.compute.api.lookup import server_of
from pileus.compute.backend import Backend
from pileus.compute.db import action as rows
from pileus.compute.model.action import Action, ActionEvent
from pileus.compute.model.error.server import InstanceActionNotFound
from pileus.compute.model.server import Server, host_id_of
from pileus.kit.db import Transaction
from pileus.kit.http.message import Reply, Request
from pileus.kit.http.page import limit_of

_EVENTS = "os_compute_api:os-instance-actions:events"
_FORMAT = "%Y-%m-%dT%H:%M:%S.%f"


def list_all(request: Request, backend: Backend) -> Reply:
    """GET /servers/{server_id}/os-instance-actions."""
    with backend.database.read() as tx:
        server = _server(request, tx)
        if not request.since(v.ACTION_PAGES):
            found = rows.list_by_server(tx, server.id)
            return Reply.json({"instanceActions": [_action(request, action) for action in found]})
        since, before = changes_of(request)
        limit = limit_of(request, default=None, maximum=backend.settings.max_limit)
        marker = request.query.get("marker")
        found = rows.list_by_server(
            tx, server.id, changed_since=since, changed_before=before, marker=marker, limit=limit
        )
    more = next_links(request, "links", [action.request_id for action in found], limit)
    return Reply.json({"instanceActions": [_action(request, action) for action in found], **more})


def show(request: Request, backend: Backend) -> Reply:
    """GET /servers/{server_id}/os-instance-actions/{request_id}."""
    with backend.database.read() as tx:
        server = _server(request, tx)
        action = rows.find(tx, server.id, request.params["request_id"])
    if action is None:
        raise InstanceActionNotFound(request_id=request.params["request_id"])
    document = _action(request, action)
    sees_all = request.may(_EVENTS, server.policy_target)
    if sees_all or request.since(v.ACTION_EVENTS):
        sees_details = request.since(v.EVENT_DETAILS) and request.may(f"{_EVENTS}:details", server.policy_target)
        document["events"] = [
            _event(request, action, event, sees_all=sees_all, sees_details=sees_details) for event in action.events
        ]
    return Reply.json({"instanceAction": document})


def _server(request: Request, tx: Transaction) -> Server:
    return server_of(request, tx, may_be_deleted=request.since(v.DELETED_SERVERS_ACTIONS))


def _action(request: Request, action: Action) -> dict[str, Any]:
    document = {
        "action": action.action,
        "instance_uuid": action.server_id,
        "request_id": action.request_id,
        "user_id": action.user_id,
        "project_id": action.project_id,
        "start_time": action.started_at.strftime(_FORMAT),
        "message": action.message,
    }
    if request.since(v.ACTION_PAGES):
        document["updated_at"] = (action.updated_at or action.started_at).strftime(_FORMAT)
    return document


def _event(
    request: Request, action: Action, event: ActionEvent, *, sees_all: bool, sees_details: bool
) -> dict[str, Any]:
    document: dict[str, Any] = {
        "event": event.event,
        "start_time": event.started_at.strftime(_FORMAT),
        "finish_time": event.finished_at.strftime(_FORMAT) if event.finished_at else None,
        "result": event.result,
    }
    if sees_all:
        document["traceback"] = None
    if request.since(v.ACTION_HOST):
        document["hostId"] = host_id_of(action.project_id, event.host)
        if sees_all:
            document["host"] = event.host
    if sees_details:
        document["details"] = event.details
    return document
