"""Snapshot: a server's disk becomes an image.

capture   have the host's agent copy the disk and upload it    ⟲ delete the queued image
settle    nothing is being done to the server any more
"""

from __future__ import annotations

from typing import Any

from pileus.clients.image import ImageNotFound
from pileus.compute.db import action, server
from pileus.compute.messages import ImageAccess, Snapshot
from pileus.compute.model.server import TaskState
from pileus.compute.workflows.means import Means
from pileus.compute.workflows.order import load, send_and_wait
from pileus.kit.db import Transaction
from pileus.kit.workflow import Run, Step, StepFailed, Waiting, Workflow


def capture(run: Run, means: Means) -> dict[str, Any] | Waiting:
    """Have the image's bytes made and stored. Raises StepFailed."""
    host = load(run, means).host
    if host is None:
        raise StepFailed("The server is on no host.")
    image_id = run.arguments["image_id"]
    if run.answer is None and means.images.get(image_id)["status"] == "active":
        return {}  # stored before, and the process died before it could say so
    access = ImageAccess(image_id=image_id, endpoint=means.images.endpoint(), token=means.images.token())
    return send_and_wait(run, means, host, Snapshot(id=run.order_id, server_id=run.subject, image=access))


def drop(run: Run, means: Means) -> None:
    """Remove the image that will never have bytes."""
    drop_empty(run.arguments["image_id"], means)


def drop_empty(image_id: str, means: Means) -> None:
    """Remove an image. One that has all its bytes is its owner's, whatever came after."""
    try:
        is_whole = means.images.get(image_id)["status"] == "active"
    except ImageNotFound:
        return
    if not is_whole:
        means.images.delete(image_id)


def settle(run: Run, means: Means) -> None:
    """The server is free for the next task."""
    means.database.write(_settle, run, means, None)


def fail(run: Run, means: Means) -> None:
    """The same, but its action says what went wrong."""
    means.database.write(_settle, run, means, run.reason)


def _settle(tx: Transaction, run: Run, means: Means, error: str | None) -> None:
    now = means.clock.now()
    server.set_state(tx, run.subject, task_state=None, now=now, unless_task=(TaskState.DELETING,))
    action.finish(tx, run.subject, "createImage", now, error=error)


SNAPSHOT: Workflow[Means] = Workflow("snapshot", (Step("capture", capture, drop), Step("settle", settle)), failed=fail)
