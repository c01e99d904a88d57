"""What was done to a server."""

from __future__ import annotations

from typing import Any

from pileus.compute.api.lookup import server_of
from pileus.compute.backend import Backend
from pileus.compute.db import action as rows
from pileus.compute.model.action import Action, ActionEvent
from pileus.compute.model.errors import InstanceActionNotFound
from pileus.kit.http.message import Reply, Request

_EVENTS = "os_compute_api:os-instance-actions:events"
_FORMAT = "%Y-%m-%dT%H:%M:%S.%f"


def list_all(request: Request, backend: Backend) -> Reply:
    """GET /servers/{server_id}/os-instance-actions."""
    with backend.database.read() as tx:
        found = rows.list_by_server(tx, server_of(request, tx).id)
    return Reply.json({"instanceActions": [_action(action) for action in found]})


def show(request: Request, backend: Backend) -> Reply:
    """GET /servers/{server_id}/os-instance-actions/{request_id}."""
    with backend.database.read() as tx:
        server = server_of(request, tx)
        action = rows.find(tx, server.id, request.params["request_id"])
    if action is None:
        raise InstanceActionNotFound(request_id=request.params["request_id"])
    document = _action(action)
    if request.may(_EVENTS, server.policy_target):
        document["events"] = [_event(event) for event in action.events]
    return Reply.json({"instanceAction": document})


def _action(action: Action) -> dict[str, Any]:
    return {
        "action": action.action,
        "instance_uuid": action.server_id,
        "request_id": action.request_id,
        "user_id": action.user_id,
        "project_id": action.project_id,
        "start_time": action.started_at.strftime(_FORMAT),
        "message": action.message,
    }


def _event(event: ActionEvent) -> dict[str, Any]:
    return {
        "event": event.event,
        "start_time": event.started_at.strftime(_FORMAT),
        "finish_time": event.finished_at.strftime(_FORMAT) if event.finished_at else None,
        "result": event.result,
        "traceback": None,
    }
