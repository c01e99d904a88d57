"""Evacuate: a server whose host is down is built anew elsewhere, from its image.

hold      the migration holds what the server had      ⟲ hand it back
place     choose a host and allocate on it             ⟲ give the allocation back
note      write down where it goes
build     have the guest built there                   ⟲ have it torn down
          (there is no way back from here)
release   the migration holds nothing any more
settle    the server is there

The old guest is removed by a loop when its host is back.
"""

from __future__ import annotations

from typing import Any

from pileus.compute.messages import Spawn
from pileus.compute.model.server import TaskState, VmState
from pileus.compute.model.server_migration import MigrationStatus
from pileus.compute.workflows import move
from pileus.compute.workflows.guest import access_to, spec_of
from pileus.compute.workflows.means import Means
from pileus.compute.workflows.move import destination_of
from pileus.compute.workflows.order import have_destroyed, heading, load, send_and_wait
from pileus.compute.workflows.state import DELETION
from pileus.compute.workflows.state import settle as settle_server
from pileus.kit.db import Transaction
from pileus.kit.workflow import Run, Step, StepFailed, Waiting, Workflow, Written


def place(run: Run, means: Means) -> dict[str, str]:
    """Choose another host. Raises StepFailed."""
    return move.place(run, means, load(run, means))


def note(run: Run, means: Means) -> Written:
    """Write down where it goes."""
    return Written(lambda tx: move.note(tx, run, means, MigrationStatus.PRE_MIGRATING, TaskState.REBUILDING))


def build(run: Run, means: Means) -> dict[str, Any] | Waiting:
    """Have the guest built. Raises StepFailed."""
    server = load(run, means)
    if server.image is None:
        raise StepFailed("The server has no image to boot from.")
    image, is_running = access_to(means, server.image), run.arguments["is_running"]
    order = Spawn(**heading(run), guest=spec_of(means, server), image=image, is_running=is_running)
    return send_and_wait(run, means, destination_of(run), order)


def tear_down(run: Run, means: Means) -> Waiting | None:
    """Have it removed."""
    return have_destroyed(run, means, destination_of(run))


def settle(run: Run, means: Means) -> Written:
    """The server is there."""
    return Written(lambda tx: _settle(tx, run, means))


def _settle(tx: Transaction, run: Run, means: Means) -> None:
    move.arrived(tx, run, means, MigrationStatus.DONE)
    vm_state = VmState.ACTIVE if run.arguments["is_running"] else VmState.STOPPED
    power_state = run.results["build"]["power_state"]
    settle_server(tx, run, means, "evacuate", unless_task=DELETION, vm_state=vm_state, power_state=power_state)


def fail(run: Run, means: Means) -> None:
    """The server is where it was, and its action says what went wrong."""
    means.database.write(move.call_off, run, means, "evacuate", MigrationStatus.FAILED, unless_task=DELETION)


EVACUATE: Workflow[Means] = Workflow(
    "evacuate",
    (
        Step("hold", move.hold, move.hand_back),
        Step("place", place, move.give_back),
        Step("note", note),
        Step("build", build, tear_down),
        Step("release", move.release),
        Step("settle", settle),
    ),
    failed=fail,
    no_return="build",
)
