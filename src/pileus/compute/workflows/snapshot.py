"""Snapshot: a server's disk becomes an image. Backup: the same, and the oldest ones make room.

capture   have the host's agent copy the disk and upload it    ⟲ delete the queued image
          (there is no way back from here)
rotate    of a backup: delete those that are more than asked for
settle    nothing is being done to the server any more
"""

from __future__ import annotations

from typing import Any

from pileus.compute.messages import ImageAccess, Snapshot
from pileus.compute.workflows import image
from pileus.compute.workflows.means import Means
from pileus.compute.workflows.order import heading, load, send_and_wait
from pileus.compute.workflows.state import give_up
from pileus.compute.workflows.state import settle as settle_server
from pileus.kit.workflow import Run, Step, StepFailed, Waiting, Workflow, Written


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
    image.drop_empty(run.arguments["image_id"], means)


def rotate(run: Run, means: Means) -> None:
    """Keep as many backups of this kind as were asked for, the newest ones.

    Only images of the project that asked count: what an image says of itself, anybody may have written.
    """
    kind, kept, owner = run.arguments["backup_type"], int(run.arguments["rotation"]), run.arguments["owner"]
    backups = means.images.list_by(owner=owner, instance_uuid=run.subject, image_type="backup", backup_type=kind)
    for backup in backups[kept:]:
        image.drop(backup["id"], means)


def settle(run: Run, means: Means) -> Written:
    """The server is free for the next task."""
    return Written(lambda tx: settle_server(tx, run, means, _called(run)))


def fail(run: Run, means: Means) -> None:
    """The same, but its action says what went wrong."""
    means.database.write(give_up, run, means, _called(run))


def _called(run: Run) -> str:
    return "createBackup" if run.kind == "backup" else "createImage"


_CAPTURE: Step[Means] = Step("capture", capture, drop)
_SETTLE: Step[Means] = Step("settle", settle)

SNAPSHOT: Workflow[Means] = Workflow("snapshot", (_CAPTURE, _SETTLE), failed=fail, no_return="capture")
BACKUP: Workflow[Means] = Workflow(
    "backup", (_CAPTURE, Step("rotate", rotate), _SETTLE), failed=fail, no_return="capture"
)  # fmt: skip
