"""Revert: a server that was moved or resized goes back to where and what it was.

check     there is something to go back to, and its host is there
          (there is no way back from here)
leave     have the new guest removed
swap      the server holds again what the migration held for it
return    write down that it is back, and have what was set aside brought back
settle    the server is ACTIVE, or SHUTOFF, as before
"""

from __future__ import annotations

from typing import Any

from pileus.compute.db import server as servers
from pileus.compute.db import server_migration
from pileus.compute.messages import BringBack
from pileus.compute.model.power import PowerState
from pileus.compute.model.server import VmState
from pileus.compute.model.server_migration import MigrationStatus
from pileus.compute.workflows import move
from pileus.compute.workflows.means import Means
from pileus.compute.workflows.move import migration_of
from pileus.compute.workflows.order import have_destroyed, have_done, heading, is_up, load
from pileus.compute.workflows.state import WITHOUT_GUEST, give_up
from pileus.compute.workflows.state import settle as settle_server
from pileus.kit.db import Transaction
from pileus.kit.workflow import Run, Step, StepFailed, Waiting, Workflow, Written


def check(run: Run, means: Means) -> None:
    """Begin nothing that could not be ended: the new guest is the only one until the old one is back.

    Raises StepFailed.
    """
    with means.database.read() as tx:
        migration = server_migration.get(tx, migration_of(run))
    if migration.status != MigrationStatus.FINISHED:
        raise StepFailed("There is nothing any more that the server could go back to.")
    if not is_up(means, run.arguments["source"]):
        raise StepFailed("The host that the server would go back to does not answer.")


def leave(run: Run, means: Means) -> Waiting | None:
    """Have the new guest removed."""
    source, dest = run.arguments["source"], run.arguments["dest"]
    return have_destroyed(run, means, dest, keeps_aside=source == dest)


def swap(run: Run, means: Means) -> None:
    """Let the server hold what it had, in the place of what it got."""
    held, _ = means.placement.allocations(migration_of(run))
    if held:  # else it was done before, and the process died before it could say so
        means.placement.release(run.subject)
        move.hand_back(run, means)


def come_back(run: Run, means: Means) -> dict[str, Any] | Waiting:
    """Have the guest go on where it was, unless nobody wants it by now and its host is silent."""
    source = run.arguments["source"]
    if run.answer is None:
        means.database.write(_relocate, run, means)
        if load(run, means).task_state in WITHOUT_GUEST and not is_up(means, source):
            return {"power_state": PowerState.NO_STATE}
    order = BringBack(**heading(run), is_running=run.arguments["vm_state"] == VmState.ACTIVE)
    return have_done(run, means, source, order)


def _relocate(tx: Transaction, run: Run, means: Means) -> None:
    now, server = means.clock.now(), servers.get(tx, run.subject)
    if server.old_flavor is not None:
        servers.set_flavor(tx, server.id, server.old_flavor, None, now)
        servers.change(tx, server.id, now, block_devices=server.old_block_devices, old_block_devices=())
    migration = server_migration.get(tx, migration_of(run))
    servers.set_state(tx, server.id, host=migration.source_host, node=migration.source_node, now=now)


def settle(run: Run, means: Means) -> Written:
    """The server is what it was before."""
    return Written(lambda tx: _settle(tx, run, means))


def _settle(tx: Transaction, run: Run, means: Means) -> None:
    now = means.clock.now()
    server_migration.update(tx, migration_of(run), now, status=MigrationStatus.REVERTED)
    servers.update(tx, run.subject, now, old_vm_state=None)
    power_state = run.results["return"]["power_state"]
    settle_server(
        tx, run, means, "revertResize", vm_state=VmState(run.arguments["vm_state"]), power_state=power_state
    )  # fmt: skip


def fail(run: Run, means: Means) -> None:
    """The server still waits for its owner's word, and its action says why."""
    means.database.write(give_up, run, means, "revertResize")


REVERT_RESIZE: Workflow[Means] = Workflow(
    "revert_resize",
    (
        Step("check", check),
        Step("leave", leave),
        Step("swap", swap),
        Step("return", come_back),
        Step("settle", settle),
    ),
    failed=fail,
    no_return="check",
)
