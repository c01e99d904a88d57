"""What a workflow writes into its server's row, and of its action, when it ends."""

from __future__ import annotations

from typing import Any

from pileus.compute.db import action, server
from pileus.compute.model.error.server import InstanceNotFound
from pileus.compute.model.server import TaskState, VmState
from pileus.compute.workflows.means import Means
from pileus.kit.db import Transaction
from pileus.kit.workflow import Run

DELETION = (TaskState.DELETING, TaskState.SOFT_DELETING)
TAKEOVER = (*DELETION, TaskState.REBUILDING)
"""Tasks that are begun whatever else is under way, the last by an evacuation; what ends meanwhile must not end them."""

WITHOUT_GUEST = (TaskState.DELETING, TaskState.REBUILDING)
"""Tasks that need no guest to be there."""


def settle(
    tx: Transaction,
    run: Run,
    means: Means,
    called: str,
    *,
    done_on: str | None = None,
    unless_task: tuple[str, ...] = TAKEOVER,
    **state: Any,
) -> bool:
    """Write what the server is now: nothing is being done to it any more, and the action has ended well.

    `done_on` is the host that the action's event names. Tells False if the server is as it was, as something else was
    begun for it meanwhile.
    """
    now = means.clock.now()
    action.finish(tx, run.subject, called, now, host=done_on)
    return server.set_state(tx, run.subject, task_state=None, now=now, unless_task=unless_task, **state)


def give_up(
    tx: Transaction,
    run: Run,
    means: Means,
    called: str,
    *,
    is_broken: bool = False,
    unless_task: tuple[str, ...] = TAKEOVER,
) -> bool:
    """Let the server be what it was before, or ERROR if it `is_broken`; the action says what went wrong.

    Tells False if the server is as it was: something else was begun for it, or this was written before.
    """
    now = means.clock.now()
    action.finish(tx, run.subject, called, now, error=run.reason)
    if not is_broken:
        return server.set_state(tx, run.subject, task_state=None, now=now, unless_task=unless_task)
    if _is_broken(tx, run.subject):
        return False
    state: dict[str, Any] = {"vm_state": VmState.ERROR, "task_state": None}
    is_ours = server.set_state(tx, run.subject, now=now, unless_task=unless_task, **state)
    if is_ours:
        server.add_fault(tx, run.subject, 500, run.reason, "", now)
    return is_ours


def _is_broken(tx: Transaction, server_id: str) -> bool:
    try:
        found = server.get(tx, server_id)
    except InstanceNotFound:
        return False
    return found.vm_state == VmState.ERROR and found.task_state is None
