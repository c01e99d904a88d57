"""Workflows that are one order to the server's host, and then the new state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pileus.compute.messages import Order
from pileus.compute.model.power import PowerState
from pileus.compute.model.server import Server, VmState
from pileus.compute.workflows.means import Means
from pileus.compute.workflows.order import load, send_and_wait
from pileus.compute.workflows.state import TAKEOVER, give_up, settle
from pileus.kit.workflow import Run, Step, StepFailed, Waiting, Workflow, Written

NewOrder = Callable[[Run, Means, Server], Order]

_VM_STATE_OF: dict[int, VmState] = {
    PowerState.RUNNING: VmState.ACTIVE,
    PowerState.PAUSED: VmState.PAUSED,
    PowerState.SHUTDOWN: VmState.STOPPED,
    PowerState.CRASHED: VmState.STOPPED,
}


def ordering(new_order: NewOrder) -> Callable[[Run, Means], dict[str, Any] | Waiting]:
    """Return the step that has the server's host do something. It raises StepFailed."""

    def order(run: Run, means: Means) -> dict[str, Any] | Waiting:
        server = load(run, means)
        if server.host is None:
            raise StepFailed("The server is on no host.")
        return send_and_wait(run, means, server.host, new_order(run, means, server))

    return order


def state_of(power_state: int, vm_state: VmState | None = None) -> dict[str, Any]:
    """Return the columns of a server whose guest is in this power state; without a `vm_state` it says that as well."""
    return {"vm_state": vm_state or _VM_STATE_OF.get(power_state, VmState.ERROR), "power_state": power_state}


def one_order(
    kind: str,
    new_order: NewOrder,
    *,
    called: str | None = None,
    vm_state: VmState | None = None,
    unless_task: tuple[str, ...] = TAKEOVER,
) -> Workflow[Means]:
    """Return the workflow.

    `called` is its instance action if that has another name, `vm_state` what the server becomes; without one that is
    what its power state says. A server of which it fails is as before.
    """

    def end(run: Run, means: Means) -> Written:
        values = {"unless_task": unless_task, **state_of(run.results["order"]["power_state"], vm_state)}
        return Written(lambda tx: settle(tx, run, means, called or kind, **values))

    def fail(run: Run, means: Means) -> None:
        means.database.write(lambda tx: give_up(tx, run, means, called or kind, unless_task=unless_task))

    return Workflow(kind, (Step("order", ordering(new_order)), Step("settle", end)), failed=fail)
