"""Rebuild: the server begins anew, from an image, on its host and with its name and addresses.

build     have the host's agent put a new guest in the place of the old one
settle    the server is what it was, ACTIVE or SHUTOFF

What it is built of was written into its row when it was asked for. There is no way back: the old disk is gone.
"""

from __future__ import annotations

from typing import Any

from pileus.compute.db import server_migration
from pileus.compute.messages import Rebuild
from pileus.compute.model.server import Server, VmState
from pileus.compute.model.server_migration import MigrationType
from pileus.compute.workflows.guest import access_to, spec_of
from pileus.compute.workflows.means import Means
from pileus.compute.workflows.one_order import ordering
from pileus.compute.workflows.order import heading
from pileus.compute.workflows.state import DELETION, TAKEOVER, give_up
from pileus.compute.workflows.state import settle as settle_server
from pileus.kit.db import Transaction
from pileus.kit.workflow import Run, Step, StepFailed, Workflow, Written


def _rebuild(run: Run, means: Means, asking: Server) -> Rebuild:
    if asking.image is None:
        raise StepFailed("The server has no image to boot from.")
    image = access_to(means, asking.image)
    return Rebuild(**heading(run), guest=spec_of(asking), image=image, is_running=run.arguments["is_running"])


def settle(run: Run, means: Means) -> Written:
    """The server runs, or is switched off as it was before."""
    return Written(lambda tx: _settle(tx, run, means))


def _settle(tx: Transaction, run: Run, means: Means) -> None:
    state: dict[str, Any] = {"vm_state": VmState.ACTIVE if run.arguments["is_running"] else VmState.STOPPED}
    state |= {"power_state": run.results["build"]["power_state"], "launched_at": means.clock.now()}
    settle_server(tx, run, means, "rebuild", unless_task=_taken_over(tx, run), **state)


def fail(run: Run, means: Means) -> None:
    """The server is in ERROR, and says why."""
    means.database.write(_fail, run, means)


def _fail(tx: Transaction, run: Run, means: Means) -> None:
    give_up(tx, run, means, "rebuild", is_broken=True, unless_task=_taken_over(tx, run))


def _taken_over(tx: Transaction, run: Run) -> tuple[str, ...]:
    """Return the tasks that are not ours: an evacuation's has the name of our own."""
    is_evacuated = server_migration.list_in_progress(tx, run.subject, MigrationType.EVACUATION)
    return TAKEOVER if is_evacuated else DELETION


REBUILD: Workflow[Means] = Workflow(
    "rebuild", (Step("build", ordering(_rebuild)), Step("settle", settle)), failed=fail
)  # fmt: skip
