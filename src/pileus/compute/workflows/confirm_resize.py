"""Confirm: a server that was moved or resized stays as it is.

drop      have what was set aside removed
release   the migration holds nothing any more
settle    the server is ACTIVE, or SHUTOFF, as before

It is never undone: each step is tried until it succeeds.
"""

from __future__ import annotations

from pileus.compute.db import action, server_migration
from pileus.compute.db import server as servers
from pileus.compute.messages import DropAside
from pileus.compute.model.server import VmState
from pileus.compute.model.server_migration import MigrationStatus
from pileus.compute.workflows import move
from pileus.compute.workflows.means import Means
from pileus.compute.workflows.move import migration_of
from pileus.compute.workflows.order import have_removed, heading
from pileus.compute.workflows.state import settle as settle_server
from pileus.kit.db import Transaction
from pileus.kit.workflow import Run, Step, Waiting, Workflow, Written


def drop(run: Run, means: Means) -> Waiting | None:
    """Have what was set aside removed."""
    return have_removed(run, means, run.arguments["source"], DropAside(**heading(run)))


def settle(run: Run, means: Means) -> Written:
    """The server is what it was before, unless an administrator has said otherwise."""
    return Written(lambda tx: _settle(tx, run, means))


def _settle(tx: Transaction, run: Run, means: Means) -> None:
    now, server = means.clock.now(), servers.get(tx, run.subject)
    waiting = (MigrationStatus.FINISHED,)
    server_migration.update(tx, migration_of(run), now, only_from=waiting, status=MigrationStatus.CONFIRMED)
    servers.update(tx, run.subject, now, old_flavor=None, old_block_devices=None, old_vm_state=None)
    if server.vm_state == VmState.RESIZED:
        vm_state = VmState(server.old_vm_state or run.arguments["vm_state"])
        settle_server(tx, run, means, "confirmResize", vm_state=vm_state)
    else:
        action.finish(tx, run.subject, "confirmResize", now)


CONFIRM_RESIZE: Workflow[Means] = Workflow(
    "confirm_resize",
    (Step("drop", drop), Step("release", move.release), Step("settle", settle)),
    is_endless=True,
)
