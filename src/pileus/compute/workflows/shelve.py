"""Shelve: a server becomes an image and, at once or later, takes no room on any host.

stop      switch it off                               ⟲ switch it on again, if it was
capture   have its disk stored as the image that was made for it
shelve    the server is SHELVED
          (there is no way back from here)
vacate    have the guest and its disks removed
release   give the allocation back
leave     the server is SHELVED_OFFLOADED, and on no host

Where the settings let a shelved server keep its host for a while, it ends before those last three:

stay      the server is SHELVED

and offloading it then is the last three alone. What was undone leaves no image.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pileus.compute.db import held_topology
from pileus.compute.db import server as servers
from pileus.compute.messages import Start, Stop
from pileus.compute.model.power import PowerState
from pileus.compute.model.server import TaskState, VmState
from pileus.compute.workflows import image, snapshot
from pileus.compute.workflows.means import Means
from pileus.compute.workflows.one_order import ordering
from pileus.compute.workflows.order import have_destroyed, heading, is_up, load, send_and_wait
from pileus.compute.workflows.state import TAKEOVER, give_up
from pileus.compute.workflows.state import settle as settle_server
from pileus.kit.db import Transaction
from pileus.kit.workflow import Run, Step, Waiting, Workflow, Written


def switch_on(run: Run, means: Means) -> Waiting | None:
    """Have it on again, if it was on and its host is there."""
    server = load(run, means)
    if server.task_state != TaskState.SHELVING or not run.arguments["is_running"] or run.answer is not None:
        return None
    if server.host is None or not is_up(means, server.host):
        return None
    asked = send_and_wait(run, means, server.host, Start(**heading(run)))
    return asked if isinstance(asked, Waiting) else None


def shelve(run: Run, means: Means) -> Written:
    """The server is SHELVED; what will become of it is in its image."""
    return Written(lambda tx: _shelve(tx, run, means))


def _shelve(tx: Transaction, run: Run, means: Means) -> None:
    now = means.clock.now()
    _keep_image(tx, run, now)
    state: dict[str, Any] = {"vm_state": VmState.SHELVED, "power_state": PowerState.SHUTDOWN}
    task_state = TaskState.SHELVING_OFFLOADING
    servers.set_state(tx, run.subject, task_state=task_state, now=now, unless_task=TAKEOVER, **state)


def stay(run: Run, means: Means) -> Written:
    """The server is SHELVED, and has its host for the time being."""
    return Written(lambda tx: _stay(tx, run, means))


def _stay(tx: Transaction, run: Run, means: Means) -> None:
    _keep_image(tx, run, means.clock.now())
    settle_server(tx, run, means, "shelve", vm_state=VmState.SHELVED, power_state=PowerState.SHUTDOWN)


def _keep_image(tx: Transaction, run: Run, now: datetime) -> None:
    servers.update(tx, run.subject, now, shelved_image_id=run.arguments["image_id"], shelved_at=now)


def vacate(run: Run, means: Means) -> Waiting | None:
    """Have the guest removed."""
    host = load(run, means).host
    return None if host is None else have_destroyed(run, means, host)


def release(run: Run, means: Means) -> None:
    """Hold nothing in placement any more."""
    means.placement.release(run.subject)


def leave(run: Run, means: Means) -> Written:
    """The server is on no host."""
    return Written(lambda tx: _leave(tx, run, means))


def _leave(tx: Transaction, run: Run, means: Means) -> None:
    called = "shelveOffload" if run.kind == SHELVE_OFFLOAD.kind else "shelve"
    servers.set_state(tx, run.subject, host=None, node=None, now=means.clock.now())
    held_topology.release(tx, run.subject)
    settle_server(
        tx, run, means, called, vm_state=VmState.SHELVED_OFFLOADED, power_state=PowerState.NO_STATE
    )  # fmt: skip


def fail(run: Run, means: Means) -> None:
    """The server is as it was, and its action says what went wrong.

    The image is removed, whole or not, even if no step came to it: unlike a snapshot it was made for us.
    """
    image.drop(run.arguments["image_id"], means)
    means.database.write(give_up, run, means, "shelve")


_CAPTURING: tuple[Step[Means], ...] = (
    Step("stop", ordering(lambda run, _means, _server: Stop(**heading(run))), switch_on),
    Step("capture", snapshot.capture),
)
_OFFLOADING: tuple[Step[Means], ...] = (Step("vacate", vacate), Step("release", release), Step("leave", leave))

SHELVE: Workflow[Means] = Workflow(
    "shelve", (*_CAPTURING, Step("shelve", shelve), *_OFFLOADING), failed=fail, no_return="shelve"
)  # fmt: skip
SHELVE_HERE: Workflow[Means] = Workflow(
    "shelve_here", (*_CAPTURING, Step("stay", stay)), failed=fail, no_return="stay"
)  # fmt: skip
SHELVE_OFFLOAD: Workflow[Means] = Workflow("shelve_offload", _OFFLOADING, is_endless=True)
