"""Beginning work on a server: its state is checked and claimed, the action is written, a workflow begins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pileus.compute.backend import Work
from pileus.compute.db import action as actions
from pileus.compute.db import server as rows
from pileus.compute.model.action import Action
from pileus.compute.model.errors import InstanceInvalidState, InstanceNotReady
from pileus.compute.model.server import ActionRule, Server, require_allowed
from pileus.kit.db import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """On whose behalf something is done, and by which request."""

    user_id: str
    project_id: str
    request_id: str


def claim(tx: Transaction, server: Server, rule: ActionRule, now: datetime) -> None:
    """Set the action's task on the server, if its state allows it and nobody else was faster.

    Raises InstanceInvalidState, InstanceNeverActive, InstanceNotReady.
    """
    require_allowed(rule, server)
    if server.host is None:
        raise InstanceNotReady(server_id=server.id)
    if not rows.begin_task(tx, server.id, rule, now):
        current = rows.get(tx, server.id)
        require_allowed(rule, current)
        raise InstanceInvalidState(
            action=rule.action, server_id=server.id, attribute="task_state", state=str(current.task_state)
        )


def begin(
    tx: Transaction,
    work: Work,
    server: Server,
    action: str,
    kind: str,
    arguments: dict[str, Any],
    asker: Asker,
    now: datetime,
) -> None:
    """Write the action down and begin the workflow that does it."""
    actions.start(
        tx,
        Action(
            server_id=server.id,
            action=action,
            request_id=asker.request_id,
            user_id=asker.user_id,
            project_id=asker.project_id,
            started_at=now,
        ),
    )
    work.begin(tx, kind, server.id, arguments)
