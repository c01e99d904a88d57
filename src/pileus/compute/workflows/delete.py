"""Delete: from a server, in whatever state, to nothing but its row.

    destroy   have the guest and its disks removed
    release   give the allocation back to placement
    forget    the row is a deleted one

It is never undone: each step is tried until it succeeds. Whatever was under way for the server was cancelled and has
been undone before this starts.
"""

from __future__ import annotations

from pileus.compute.db import action, server
from pileus.compute.model.errors import InstanceNotFound
from pileus.compute.workflows.means import Means
from pileus.compute.workflows.order import have_destroyed, load
from pileus.kit.db import Transaction
from pileus.kit.workflow import Run, Step, Waiting, Workflow


def destroy(run: Run, means: Means) -> Waiting | None:
    """Have the guest removed."""
    try:
        host = load(run, means).host
    except InstanceNotFound:
        return None
    return None if host is None else have_destroyed(run, means, host)


def release(run: Run, means: Means) -> None:
    """Hold nothing in placement any more."""
    means.placement.release(run.subject)


def forget(run: Run, means: Means) -> None:
    """Make the row a deleted one."""
    means.database.write(_forget, run.subject, means)


def _forget(tx: Transaction, server_id: str, means: Means) -> None:
    now = means.clock.now()
    action.finish(tx, server_id, "delete", now)
    server.mark_deleted(tx, server_id, now)


DELETE: Workflow[Means] = Workflow(
    "delete", (Step("destroy", destroy), Step("release", release), Step("forget", forget)), is_endless=True
)
