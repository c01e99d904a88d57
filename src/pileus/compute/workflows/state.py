"""What a workflow writes into its server's row, and of its action, when it ends."""

from __future__ import annotations

from typing import Any

from pileus.compute.db import action, server
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
    tx: Transaction, run: Run, means: Means, called: str, *, unless_task: tuple[str, ...] = TAKEOVER, **state: Any
) -> bool:
    """Write what the server is now: nothing is being done to it any more, and the action has ended well.

    Tells False if the server is as it was, as something else was begun for it meanwhile.
    """
    now = means.clock.now()
    action.finish(tx, run.subject, called, now)
    return server.set_state(tx, run.subject, task_state=None, now=now, unless_task=unless_task, **state)


def give_up(
    tx: Transaction,
    run: Run,
    means: Means,
    called: str,
    *,
    is_broken: bool = False,
    unless_task: tuple[str, ...] = TAKEOVER,
) -> None:
    """Let the server be what it was before, or ERROR if it `is_broken`; the action says what went wrong."""
    now = means.clock.now()
    action.finish(tx, run.subject, called, now, error=run.reason)
    state: dict[str, Any] = {"vm_state": VmState.ERROR} if is_broken else {}
    is_ours = server.set_state(tx, run.subject, task_state=None, now=now, unless_task=unless_task, **state)
    if is_broken and is_ours:
        server.add_fault(tx, run.subject, 500, run.reason, "", now)
