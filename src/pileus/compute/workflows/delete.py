"""Delete: from a server, in whatever state, to nothing but its row.

    destroy   have the guest and its disks removed
    clear     have removed what a move left on another host
    release   give the allocations back to placement
    drop      remove the image that a shelved server became
    forget    the row is a deleted one

It is never undone: each step is tried until it succeeds. Whatever was under way for the server was cancelled and has
been undone before this starts.
"""

from __future__ import annotations

from collections.abc import Sequence

from pileus.compute.db import action, console_token, held_topology, server, server_migration
from pileus.compute.model.error.server import InstanceNotFound
from pileus.compute.model.server import Server
from pileus.compute.model.server_migration import Migration, MigrationStatus
from pileus.compute.workflows import image
from pileus.compute.workflows.means import Means
from pileus.compute.workflows.order import have_destroyed, load
from pileus.kit.db import Transaction
from pileus.kit.workflow import Run, Step, Waiting, Workflow, Written


def destroy(run: Run, means: Means) -> Waiting | None:
    """Have the guest removed."""
    found = _find(run, means)
    return None if found is None or found.host is None else have_destroyed(run, means, found.host)


def clear(run: Run, means: Means) -> Waiting | None:
    """Have removed what was set aside when the server was moved, if nobody has said yet that it shall stay."""
    found = _find(run, means)
    if found is None:
        return None
    left = [one.source_host for one in _unended(run, means) if one.source_host not in (None, found.host)]
    return have_destroyed(run, means, left[0]) if left and left[0] else None


def release(run: Run, means: Means) -> None:
    """Hold nothing in placement any more, neither for the server nor for a move of it."""
    for migration in _unended(run, means):
        means.placement.release(migration.uuid)
    means.placement.release(run.subject)


def drop(run: Run, means: Means) -> None:
    """Remove the image that nobody can make a server of any more."""
    found = _find(run, means)
    if found is not None and found.shelved_image_id is not None:
        image.drop(found.shelved_image_id, means)


def forget(run: Run, means: Means) -> Written:
    """Make the row a deleted one."""
    return Written(lambda tx: _forget(tx, run.subject, means))


def _forget(tx: Transaction, server_id: str, means: Means) -> None:
    now = means.clock.now()
    for migration in server_migration.list_in_progress(tx, server_id):
        server_migration.update(tx, migration.uuid, now, status=MigrationStatus.CONFIRMED)
    action.finish(tx, server_id, "delete", now)
    console_token.delete_by_server(tx, server_id)
    held_topology.release_all(tx, server_id)
    server.mark_deleted(tx, server_id, now)


def _find(run: Run, means: Means) -> Server | None:
    try:
        return load(run, means)
    except InstanceNotFound:
        return None


def _unended(run: Run, means: Means) -> Sequence[Migration]:
    """Return the moves that may have left something: those that wait, and those that went wrong."""
    with means.database.read() as tx:
        found = server_migration.list_by_server(tx, run.subject)
    return [one for one in found if one.is_in_progress or one.status == MigrationStatus.ERROR]


DELETE: Workflow[Means] = Workflow(
    "delete",
    (
        Step("destroy", destroy),
        Step("clear", clear),
        Step("release", release),
        Step("drop", drop),
        Step("forget", forget),
    ),
    is_endless=True,
)
