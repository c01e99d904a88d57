"""Shelve: a server becomes an image and, at once or later, takes no room on any host.

stop      switch it off                               ⟲ switch it on again, if it was
capture   have its disk stored as an image            ⟲ delete the image
shelve    the server is SHELVED
          (there is no way back from here; where the settings say so, it ends here)
vacate    have the guest and its disks removed
release   give the allocation back
leave     the server is SHELVED_OFFLOADED, and on no host

Offloading a server that is shelved is the last three steps alone.
"""

from __future__ import annotations

from typing import Any

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
from pileus.kit.workflow import Run, Step, Waiting, Workflow


def switch_on(run: Run, means: Means) -> Waiting | None:
    """Have it on again, if it was on and its host is there."""
    server = load(run, means)
    if server.task_state != TaskState.SHELVING or not run.arguments["is_running"] or run.answer is not None:
        return None
    if server.host is None or not is_up(means, server.host):
        return None
    asked = send_and_wait(run, means, server.host, Start(**heading(run)))
    return asked if isinstance(asked, Waiting) else None


def drop(run: Run, means: Means) -> None:
    """Remove the image, whole or not: unlike a snapshot it was made for us."""
    image.drop(run.arguments["image_id"], means)


def shelve(run: Run, means: Means) -> None:
    """The server is SHELVED; what will become of it is in its image."""
    means.database.write(_shelve, run, means)


def _shelve(tx: Transaction, run: Run, means: Means) -> None:
    now = means.clock.now()
    servers.update(tx, run.subject, now, shelved_image_id=run.arguments["image_id"], shelved_at=now)
    state: dict[str, Any] = {"vm_state": VmState.SHELVED, "power_state": PowerState.SHUTDOWN}
    if _is_offloaded_at_once(means):
        state["task_state"] = TaskState.SHELVING_OFFLOADING
        servers.set_state(tx, run.subject, now=now, unless_task=TAKEOVER, **state)
    else:
        settle_server(tx, run, means, "shelve", **state)


def _is_offloaded_at_once(means: Means) -> bool:
    return means.settings.shelved_offload_after_s == 0


def _goes_on(run: Run, means: Means) -> bool:
    return run.kind != "shelve" or _is_offloaded_at_once(means)


def vacate(run: Run, means: Means) -> Waiting | None:
    """Have the guest removed."""
    host = load(run, means).host
    return have_destroyed(run, means, host) if host is not None and _goes_on(run, means) else None


def release(run: Run, means: Means) -> None:
    """Hold nothing in placement any more."""
    if _goes_on(run, means):
        means.placement.release(run.subject)


def leave(run: Run, means: Means) -> None:
    """The server is on no host."""
    if _goes_on(run, means):
        means.database.write(_leave, run, means)


def _leave(tx: Transaction, run: Run, means: Means) -> None:
    called = "shelve" if run.kind == "shelve" else "shelveOffload"
    servers.set_state(tx, run.subject, host=None, node=None, now=means.clock.now())
    settle_server(
        tx, run, means, called, vm_state=VmState.SHELVED_OFFLOADED, power_state=PowerState.NO_STATE
    )  # fmt: skip


def fail(run: Run, means: Means) -> None:
    """The server is as it was, and its action says what went wrong."""
    means.database.write(give_up, run, means, "shelve")


_OFFLOADING: tuple[Step[Means], ...] = (Step("vacate", vacate), Step("release", release), Step("leave", leave))

SHELVE: Workflow[Means] = Workflow(
    "shelve",
    (
        Step("stop", ordering(lambda run, _means, _server: Stop(**heading(run))), switch_on),
        Step("capture", snapshot.capture, drop),
        Step("shelve", shelve),
        *_OFFLOADING,
    ),
    failed=fail,
    no_return="shelve",
)
SHELVE_OFFLOAD: Workflow[Means] = Workflow("shelve_offload", _OFFLOADING, is_endless=True)
