"""Start, stop, reboot, pause, suspend, and back: one order to the agent, then the new state."""

from __future__ import annotations

from pileus.compute.messages import Pause, Reboot, Resume, Start, Stop, Suspend, Unpause
from pileus.compute.model.server import TaskState, VmState
from pileus.compute.workflows.one_order import one_order
from pileus.compute.workflows.order import heading

START = one_order("start", lambda run, _means, _server: Start(**heading(run)))
STOP = one_order("stop", lambda run, _means, _server: Stop(**heading(run)))
REBOOT = one_order("reboot", lambda run, _means, _server: Reboot(**heading(run), hard=bool(run.arguments.get("hard"))))
PAUSE = one_order("pause", lambda run, _means, _server: Pause(**heading(run)), vm_state=VmState.PAUSED)
UNPAUSE = one_order("unpause", lambda run, _means, _server: Unpause(**heading(run)), vm_state=VmState.ACTIVE)
SUSPEND = one_order("suspend", lambda run, _means, _server: Suspend(**heading(run)), vm_state=VmState.SUSPENDED)
RESUME = one_order("resume", lambda run, _means, _server: Resume(**heading(run)), vm_state=VmState.ACTIVE)
SOFT_DELETE = one_order(
    "soft_delete",
    lambda run, _means, _server: Stop(**heading(run)),
    called="delete",
    vm_state=VmState.SOFT_DELETED,
    unless_task=(TaskState.DELETING,),
)
RESTORE = one_order("restore", lambda run, _means, _server: Start(**heading(run)))

WORKFLOWS = (START, STOP, REBOOT, PAUSE, UNPAUSE, SUSPEND, RESUME, SOFT_DELETE, RESTORE)
