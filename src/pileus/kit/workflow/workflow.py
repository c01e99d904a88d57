"""What a workflow is: a tuple of steps, each with its undo.

    BOOT = Workflow("boot", (Step("claim", claim, release), Step("build", build, tear_down), Step("finish", finish)))

A step's completion is a row written *after* its effect, so a `do` or `undo` may run twice and is written for that.
Where the effect is rows of our own, `do` returns them as a Written, and they come with that row or not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pileus.kit.db import Transaction
from pileus.kit.errors import PileusError

S = TypeVar("S")


class StepFailed(PileusError):
    """A step cannot be done; what was done before is undone. The sentence is for the owner of the subject."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A step has asked for something and is called again when the answer is there, or after `seconds`."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Written:
    """What a step does is to write into our own database: in the transaction that says the step is done.

    `write` returns what `do` would. Raises StepFailed.
    """

    write: Callable[[Transaction], Any]


@dataclass(slots=True)
class Run:
    """One workflow under way, as its steps see it."""

    id: str
    kind: str
    subject: str  # what it is about, such as a server's id; workflows of one subject run one after the other
    arguments: dict[str, Any]
    results: dict[str, Any] = field(default_factory=dict)  # step name → what its `do` returned
    order_id: str = ""  # names this step of this run to whoever works for it; the same after a restart
    answer: Any = None  # what came back for `order_id`
    reason: str = ""  # why it is being undone
    turn: int = 0  # grows from step to step of a subject, undoings and later workflows included


Do = Callable[[Run, S], Any]
"""Returns a JSON value that later steps may read, Waiting or Written. Raises StepFailed to have everything undone."""

Undo = Callable[[Run, S], Waiting | None]


@dataclass(frozen=True, slots=True)
class Step(Generic[S]):
    """One step: what it does and what takes it back."""

    name: str
    do: Do[S]
    undo: Undo[S] | None = None
    is_awaited: bool = False  # a cancellation waits until it has ended: until then nobody knows what there is to undo


@dataclass(frozen=True, slots=True)
class Workflow(Generic[S]):
    """A kind of workflow."""

    kind: str
    steps: tuple[Step[S], ...]
    failed: Callable[[Run, S], None] | None = None  # called once everything is undone; may run twice
    is_endless: bool = False  # never undone: a step that fails is tried again for as long as it takes
    no_return: str | None = None  # the step from whose end on it is endless
    is_kept: bool = False  # by the process that began it, as long as that lives: it knows what no row may say

    def may_be_undone(self, position: int) -> bool:
        """Tell whether there is a way back once so many steps are done."""
        if self.is_endless or self.no_return is None:
            return not self.is_endless
        return position <= [step.name for step in self.steps].index(self.no_return)

    def may_be_cancelled(self, position: int) -> bool:
        """Tell whether a cancellation holds at once where so many steps are done."""
        is_awaited = position < len(self.steps) and self.steps[position].is_awaited
        return not is_awaited and self.may_be_undone(position)
