"""What is seen of a server by those who watch it: its state, and how far the actions on it are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pileus.compute.model.server import VmState, status_of


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one step of a workflow is with bytes that take their time."""

    of: str  # what is on its way: image, or snapshot
    percent: int
    position: int  # the step's


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedAction:
    """One action, and the workflow that does it."""

    action: str
    request_id: str
    started_at: datetime
    finished_at: datetime | None
    is_failed: bool
    kind: str | None = None  # the workflow's; None: there is none, or it is forgotten
    is_undoing: bool = False
    position: int = 0  # how many of its steps are done
    progress: Progress | None = None

    @property
    def state(self) -> str:
        """Whether it goes on, is being taken back, or how it has ended."""
        if self.finished_at is None:
            return "undoing" if self.is_undoing else "running"
        return "failed" if self.is_failed else "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedServer:
    """A server, with its actions under way and those that have ended lately, the oldest first."""

    id: str
    name: str
    project_id: str
    user_id: str
    vm_state: str
    task_state: str | None
    is_deleted: bool
    fault: str | None  # why it is in ERROR
    actions: Sequence[WatchedAction]

    @property
    def status(self) -> str:
        """What the API calls the state."""
        return status_of(VmState.DELETED, None) if self.is_deleted else status_of(self.vm_state, self.task_state)
