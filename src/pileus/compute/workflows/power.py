"""Start, stop and reboot: one order to the agent, then the new state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pileus.compute.db import action, server
from pileus.compute.messages import Order, Reboot, Start, Stop
from pileus.compute.model.power import PowerState
from pileus.compute.model.server import TaskState, VmState
from pileus.compute.workflows.means import Means
from pileus.compute.workflows.order import load, send_and_wait
from pileus.kit.db import Transaction
from pileus.kit.workflow import Run, Step, StepFailed, Waiting, Workflow

_VM_STATE_OF = {
    PowerState.RUNNING: VmState.ACTIVE,
    PowerState.SHUTDOWN: VmState.STOPPED,
    PowerState.CRASHED: VmState.STOPPED,
}


def _ordering(new_order: Callable[[Run], Order]) -> Callable[[Run, Means], dict[str, Any] | Waiting]:
    def act(run: Run, means: Means) -> dict[str, Any] | Waiting:
        host = load(run, means).host
        if host is None:
            raise StepFailed("The server is on no host.")
        return send_and_wait(run, means, host, new_order(run))

    return act


def _start(run: Run) -> Order:
    return Start(id=run.order_id, server_id=run.subject)


def _stop(run: Run) -> Order:
    return Stop(id=run.order_id, server_id=run.subject)


def _reboot(run: Run) -> Order:
    return Reboot(id=run.order_id, server_id=run.subject, hard=bool(run.arguments.get("hard")))


def settle(run: Run, means: Means) -> None:
    """Write what the guest is now."""
    means.database.write(_settle, run, means)


def _settle(tx: Transaction, run: Run, means: Means) -> None:
    now = means.clock.now()
    power_state = run.results["order"]["power_state"]
    server.set_state(
        tx, run.subject, vm_state=_VM_STATE_OF.get(power_state, VmState.ERROR), task_state=None,
        power_state=power_state, now=now, unless_task=(TaskState.DELETING,),
    )  # fmt: skip
    action.finish(tx, run.subject, run.kind, now)


def fail(run: Run, means: Means) -> None:
    """The server is as it was before, and its action says what went wrong."""
    means.database.write(_fail, run, means)


def _fail(tx: Transaction, run: Run, means: Means) -> None:
    now = means.clock.now()
    action.finish(tx, run.subject, run.kind, now, error=run.reason)
    server.set_state(tx, run.subject, task_state=None, now=now, unless_task=(TaskState.DELETING,))


def _power(kind: str, new_order: Callable[[Run], Order]) -> Workflow[Means]:
    return Workflow(kind, (Step("order", _ordering(new_order)), Step("settle", settle)), failed=fail)


START, STOP, REBOOT = _power("start", _start), _power("stop", _stop), _power("reboot", _reboot)
