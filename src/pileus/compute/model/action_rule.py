"""What a server's state allows: one rule for each action, with the task that it sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pileus.compute.model.error.server import InstanceInvalidState, InstanceLocked, InstanceNeverActive
from pileus.compute.model.server import Server, TaskState, VmState


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRule:
    """When an action is allowed, and the task that it sets."""

    action: str  # as error messages and instance actions call it
    vm_states: tuple[VmState, ...]
    task_states: tuple[str | None, ...] = (None,)
    task_state: TaskState
    needs_launched: bool = False
    needs_host: bool = True
    minds_lock: bool = True


_ACTIVE, _STOPPED, _ERROR = VmState.ACTIVE, VmState.STOPPED, VmState.ERROR
_PERSISTENT = (_ACTIVE, _STOPPED, VmState.PAUSED, VmState.SUSPENDED)
_DELETION = (TaskState.DELETING, TaskState.SOFT_DELETING)
_UNLESS_DELETED = (None, *(task for task in TaskState if task not in _DELETION))


def _rule(
    action: str,
    vm_states: tuple[VmState, ...],
    task_state: TaskState,
    *,
    needs_host: bool = True,
    minds_lock: bool = True,
) -> ActionRule:
    return ActionRule(
        action=action,
        vm_states=vm_states,
        task_state=task_state,
        needs_launched=_ERROR in vm_states,
        needs_host=needs_host,
        minds_lock=minds_lock,
    )


START = _rule("start", (_STOPPED,), TaskState.POWERING_ON)
STOP = _rule("stop", (_ACTIVE, _ERROR), TaskState.POWERING_OFF)
REBOOT_SOFT = _rule("reboot", (_ACTIVE,), TaskState.REBOOT_STARTED)
REBOOT_HARD = ActionRule(
    action="reboot",
    vm_states=(*_PERSISTENT, _ERROR),
    task_states=(None, TaskState.REBOOTING, TaskState.REBOOT_PENDING, TaskState.REBOOT_STARTED),
    task_state=TaskState.REBOOTING_HARD,
)
PAUSE = _rule("pause", (_ACTIVE,), TaskState.PAUSING)
UNPAUSE = _rule("unpause", (VmState.PAUSED,), TaskState.UNPAUSING)
SUSPEND = _rule("suspend", (_ACTIVE,), TaskState.SUSPENDING)
RESUME = _rule("resume", (VmState.SUSPENDED,), TaskState.RESUMING)
RESCUE = _rule("rescue", (_ACTIVE, _STOPPED, _ERROR), TaskState.RESCUING)
UNRESCUE = _rule("unrescue", (VmState.RESCUED,), TaskState.UNRESCUING)
REBUILD = _rule("rebuild", (_ACTIVE, _STOPPED, _ERROR), TaskState.REBUILDING)
CHANGE_PASSWORD = _rule("changePassword", (_ACTIVE,), TaskState.UPDATING_PASSWORD)
CREATE_IMAGE = _rule("createImage", _PERSISTENT, TaskState.IMAGE_SNAPSHOT, minds_lock=False)
CREATE_BACKUP = _rule("createBackup", _PERSISTENT, TaskState.IMAGE_BACKUP, minds_lock=False)
RESIZE = _rule("resize", (_ACTIVE, _STOPPED), TaskState.RESIZE_PREP)
MIGRATE = _rule("migrate", (_ACTIVE, _STOPPED), TaskState.RESIZE_PREP)
CONFIRM_RESIZE = _rule("confirmResize", (VmState.RESIZED,), TaskState.RESIZE_FINISH)
REVERT_RESIZE = _rule("revertResize", (VmState.RESIZED,), TaskState.RESIZE_REVERTING)
LIVE_MIGRATE = _rule("os-migrateLive", (_ACTIVE, VmState.PAUSED), TaskState.MIGRATING)
EVACUATE = ActionRule(
    action="evacuate", vm_states=(_ACTIVE, _STOPPED, _ERROR), task_states=_UNLESS_DELETED,
    task_state=TaskState.REBUILDING, needs_launched=True, minds_lock=False,
)  # fmt: skip
SHELVE = _rule("shelve", _PERSISTENT, TaskState.SHELVING)
SHELVE_OFFLOAD = _rule("shelveOffload", (VmState.SHELVED,), TaskState.SHELVING_OFFLOADING)
UNSHELVE = _rule(
    "unshelve", (VmState.SHELVED, VmState.SHELVED_OFFLOADED), TaskState.UNSHELVING, needs_host=False
)  # fmt: skip
SOFT_DELETE = ActionRule(
    action="delete", vm_states=_PERSISTENT, task_states=_UNLESS_DELETED, task_state=TaskState.SOFT_DELETING
)
RESTORE = _rule("restore", (VmState.SOFT_DELETED,), TaskState.RESTORING)

ALLOW_METADATA = _PERSISTENT
"""The states in which metadata may change."""

ALLOW_CRASH_DUMP = (_ACTIVE, VmState.PAUSED, VmState.RESCUED, VmState.RESIZED, _ERROR)
"""The states in which a guest may be made to crash."""


def require_in(vm_states: Sequence[str], server: Server, action: str) -> None:
    """Raise InstanceInvalidState unless the server is in one of these states."""
    if server.vm_state not in vm_states:
        raise InstanceInvalidState(action=action, server_id=server.id, attribute="vm_state", state=server.vm_state)


def require_allowed(rule: ActionRule, server: Server) -> None:
    """Raise InstanceInvalidState or InstanceNeverActive unless the server's state allows the action."""
    if server.vm_state not in rule.vm_states:
        raise _refusal(rule, server, "vm_state", server.vm_state)
    if server.task_state not in rule.task_states:
        raise _refusal(rule, server, "task_state", str(server.task_state))
    if rule.needs_launched and server.launched_at is None:
        raise InstanceNeverActive(action=rule.action, server_id=server.id)


def require_unlocked(server: Server) -> None:
    """Raise InstanceLocked if the server is locked."""
    if server.locked_by is not None:
        raise InstanceLocked(server_id=server.id)


def _refusal(rule: ActionRule, server: Server, attribute: str, state: str) -> InstanceInvalidState:
    return InstanceInvalidState(action=rule.action, server_id=server.id, attribute=attribute, state=state)
