"""Import: an image's bytes get from where they are to one or more stores.

    begin     show that somebody is at it
    fetch     bring the bytes to the staging area                       ⟲ discard them
    verify    hold them against the digest and signature that they must have
    unpack    decompress them
    extract   take the disk out of a package
    convert   write them in another format
    store     write them to each store, to all at the same time         ⟲ forget what was stored
    finish    the image is active

Stores are copied to from a store that has the image: then nothing is staged, and store is the only step with work.
A failed import leaves nothing but its task, which says why, and the names of the stores on the image.
"""

from __future__ import annotations

from pileus.image.model.imports import COPY_IMAGE
from pileus.image.notification import of_image
from pileus.image.operations import imports as operation
from pileus.image.operations import task as tasks
from pileus.image.operations.staging import discard
from pileus.image.operations.upload import sweep
from pileus.image.workflows.fetching import fetch_bytes
from pileus.image.workflows.means import Means
from pileus.image.workflows.preparing import convert_bytes, extract, unpack, verify
from pileus.image.workflows.storing import store_bytes
from pileus.image.workflows.telling import tell_image, tell_task
from pileus.image.workflows.writing import places
from pileus.kit.workflow import Run, Step, Workflow

KIND = "import"


def begin(run: Run, means: Means) -> None:
    """Show that somebody is at it."""
    means.database.write(operation.start, run.id, means.clock.now())
    tell_task(run, means, "processing")


def drop_staged(run: Run, means: Means) -> None:
    """Leave nothing in the staging area."""
    if run.arguments["method"] == COPY_IMAGE:
        return
    unwanted = means.database.write(discard, run.subject)
    if unwanted is not None:
        sweep(means.database, places(means), unwanted)


def take_back(run: Run, means: Means) -> None:
    """Leave nothing in the stores that was not there before."""
    for location in means.database.write(operation.take_back, run.subject, run.id, means.clock.now()):
        sweep(means.database, places(means), location)


def finish(run: Run, means: Means) -> None:
    """Make the image active, and leave nothing in the staging area."""
    injected = means.plan.injected_for(run.arguments["roles"])
    image = means.database.write(
        operation.finish, run.subject, run.id, injected, means.clock.now(), means.task_time_to_live
    )
    drop_staged(run, means)
    means.tokens.pop(run.id, None)
    if image is not None:
        means.tell("image.update" if run.arguments["method"] == COPY_IMAGE else "image.activate", of_image(image))
        tell_task(run, means, "success")


def fail(run: Run, means: Means) -> None:
    """Say what went wrong; an image that was made for this import goes with it."""
    now = means.clock.now()
    stores, kept = run.arguments["stores"], means.task_time_to_live
    means.database.write(operation.fail, run.subject, run.id, stores, run.reason, now, kept)
    if run.arguments["is_of_task"]:
        means.database.write(tasks.drop_image, run.subject, now)
    means.tokens.pop(run.id, None)
    tell_image(run, means, "update")
    tell_task(run, means, "failure")


IMPORT: Workflow[Means] = Workflow(
    KIND,
    (
        Step("begin", begin),
        Step("fetch", fetch_bytes, drop_staged),
        Step("verify", verify),
        Step("unpack", unpack),
        Step("extract", extract),
        Step("convert", convert_bytes),
        Step("store", store_bytes, take_back),
        Step("finish", finish),
    ),
    failed=fail,
    is_kept=True,  # `means.tokens` is this process's
)
