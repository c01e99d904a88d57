"""Beginning work on a server: its state is checked and claimed, the action is written, a workflow begins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pileus.compute.backend import Backend, Work
from pileus.compute.db import action as actions
from pileus.compute.db import server as rows
from pileus.compute.model.action import Action
from pileus.compute.model.action_rule import ActionRule, require_allowed, require_unlocked
from pileus.compute.model.error.server import InstanceInvalidState, InstanceNotReady
from pileus.compute.model.server import Server
from pileus.kit.db import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """On whose behalf something is done, and by which request."""

    user_id: str
    project_id: str
    request_id: str
    may_pass_lock: bool = False  # an administrator


def claim(tx: Transaction, server: Server, rule: ActionRule, asker: Asker, now: datetime) -> None:
    """Set the action's task on the server, if its state allows it and nobody else was faster.

    Raises InstanceLocked, InstanceInvalidState, InstanceNeverActive, InstanceNotReady.
    """
    if rule.minds_lock:
        require_may_change(server, asker)
    require_allowed(rule, server)
    if server.host is None and rule.needs_host:
        raise InstanceNotReady(server_id=server.id)
    if not rows.begin_task(tx, server.id, rule, now):
        current = rows.get(tx, server.id)
        require_allowed(rule, current)
        raise InstanceInvalidState(
            action=rule.action, server_id=server.id, attribute="task_state", state=str(current.task_state)
        )


def require_may_change(server: Server, asker: Asker) -> None:
    """Raise InstanceLocked if the server is locked against this caller."""
    if not asker.may_pass_lock:
        require_unlocked(server)


def act(
    tx: Transaction,
    backend: Backend,
    server: Server,
    rule: ActionRule,
    kind: str,
    arguments: dict[str, Any],
    asker: Asker,
) -> None:
    """Claim the server for an action, write the action down and begin the workflow of this kind that does it.

    Raises InstanceLocked, InstanceInvalidState, InstanceNeverActive, InstanceNotReady.
    """
    now = backend.clock.now()
    claim(tx, server, rule, asker, now)
    begin(tx, backend.work, server, rule.action, kind, arguments, asker, now)


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
    workflow_id = work.begin(tx, kind, server.id, arguments)
    record(tx, server, action, asker, now, workflow_id)


def record(
    tx: Transaction, server: Server, action: str, asker: Asker, now: datetime, workflow_id: str | None = None
) -> None:
    """Write the action down."""
    actions.start(
        tx,
        Action(
            server_id=server.id,
            action=action,
            request_id=asker.request_id,
            user_id=asker.user_id,
            project_id=asker.project_id,
            started_at=now,
            workflow_id=workflow_id,
        ),
    )
