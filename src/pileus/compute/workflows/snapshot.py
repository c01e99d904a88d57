"""Snapshot: a server's disk becomes an image. Backup: the same, and the oldest ones make room.

capture   have the host's agent copy the disk and upload it    ⟲ delete the queued image
          (there is no way back from here)
rotate    of a backup: delete those that are more than asked for
settle    nothing is being done to the server any more
"""

from __future__ import annotations

from typing import Any

from pileus.clients.image import ImageNotFound
from pileus.compute.db import action, server
from pileus.compute.messages import ImageAccess, Snapshot
from pileus.compute.model.server import TaskState
from pileus.compute.workflows.means import Means
from pileus.compute.workflows.order import heading, load, send_and_wait
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
    return send_and_wait(run, means, host, Snapshot(**heading(run), image=access))


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


def rotate(run: Run, means: Means) -> None:
    """Keep as many backups of this kind as were asked for, the newest ones."""
    kind, kept = run.arguments["backup_type"], int(run.arguments["rotation"])
    backups = means.images.list_by(instance_uuid=run.subject, image_type="backup", backup_type=kind)
    for image in backups[kept:]:
        means.images.delete(image["id"])


def settle(run: Run, means: Means) -> None:
    """The server is free for the next task."""
    means.database.write(_settle, run, means, None)


def fail(run: Run, means: Means) -> None:
    """The same, but its action says what went wrong."""
    means.database.write(_settle, run, means, run.reason)


def _settle(tx: Transaction, run: Run, means: Means, error: str | None) -> None:
    now = means.clock.now()
    called = "createBackup" if run.kind == "backup" else "createImage"
    server.set_state(tx, run.subject, task_state=None, now=now, unless_task=(TaskState.DELETING,))
    action.finish(tx, run.subject, called, now, error=error)


_CAPTURE: Step[Means] = Step("capture", capture, drop)
_SETTLE: Step[Means] = Step("settle", settle)

SNAPSHOT: Workflow[Means] = Workflow("snapshot", (_CAPTURE, _SETTLE), failed=fail, no_return="capture")
BACKUP: Workflow[Means] = Workflow(
    "backup", (_CAPTURE, Step("rotate", rotate), _SETTLE), failed=fail, no_return="capture"
)  # fmt: skip
