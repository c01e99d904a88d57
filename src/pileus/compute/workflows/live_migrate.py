"""Live migration: a server goes to another host while it runs.

hold      the migration holds what the server had      ⟲ hand it back
place     choose a host and allocate on it             ⟲ give the allocation back
note      write down where it goes
receive   have that host make ready                    ⟲ have it torn down there
send      have its host send the guest away
          (there is no way back from here)
land      have the other host finish
release   the migration holds nothing any more
settle    the server is where it went
"""

from __future__ import annotations

from typing import Any

from pileus.compute.db import server_migration
from pileus.compute.messages import Land, Receive, SendAway, address_of
from pileus.compute.model.server import TaskState
from pileus.compute.model.server_migration import IN_PROGRESS, MigrationStatus
from pileus.compute.workflows import move
from pileus.compute.workflows.guest import spec_of
from pileus.compute.workflows.means import Means
from pileus.compute.workflows.move import destination_of, migration_of
from pileus.compute.workflows.order import RESEND_S, have_destroyed, heading, is_up, load, send_and_wait
from pileus.compute.workflows.state import WITHOUT_GUEST
from pileus.compute.workflows.state import settle as settle_server
from pileus.kit import log
from pileus.kit.db import Transaction
from pileus.kit.workflow import Run, Step, StepFailed, Waiting, Workflow, Written

logger = log.get_logger("pileus.compute.live_migrate")

CALLED = "live-migration"


def place(run: Run, means: Means) -> dict[str, str]:
    """Choose another host. Raises StepFailed."""
    return move.place(run, means, load(run, means))


def note(run: Run, means: Means) -> Written:
    """Write down where it goes."""
    return Written(lambda tx: move.note(tx, run, means, MigrationStatus.PREPARING, TaskState.MIGRATING))


def receive(run: Run, means: Means) -> dict[str, Any] | Waiting:
    """Have the other host make ready. Raises StepFailed."""
    order = Receive(**heading(run), guest=spec_of(means, load(run, means)))
    return send_and_wait(run, means, destination_of(run), order)


def tear_down(run: Run, means: Means) -> Waiting | None:
    """Have removed what came there."""
    return have_destroyed(run, means, destination_of(run))


def send(run: Run, means: Means) -> dict[str, Any] | Waiting:
    """Have the guest sent away. Raises StepFailed.

    A silent host is waited for, as nobody else knows where the guest is; unless nobody wants that guest any more.
    """
    if run.answer is None:
        if load(run, means).task_state in WITHOUT_GUEST:
            raise StepFailed("The live migration was called off.")
        if not means.database.write(_begin_sending, run, means):
            raise StepFailed("The live migration was aborted.")
        order = SendAway(**heading(run), to=destination_of(run))
        means.bus.tell(address_of(run.arguments["source"]), order)
        return Waiting(RESEND_S)
    if "reason" in run.answer:
        raise StepFailed(run.answer["reason"])
    return dict(run.answer)


def _begin_sending(tx: Transaction, run: Run, means: Means) -> bool:
    """Tell whether nobody has called it off."""
    return server_migration.update(
        tx, migration_of(run), means.clock.now(), only_from=IN_PROGRESS, status=MigrationStatus.RUNNING
    )


def land(run: Run, means: Means) -> dict[str, Any] | Waiting:
    """Have the other host finish; what cannot be finished there is left as it is, as the guest is there.

    That holds for a host that is silent too: the server is its, and may be evacuated from it like any other.
    """
    power_state = load(run, means).power_state
    if run.answer is None:
        means.bus.tell(address_of(destination_of(run)), Land(**heading(run), power_state=power_state))
        return Waiting(RESEND_S) if is_up(means, destination_of(run)) else {"power_state": power_state}
    if "reason" in run.answer:
        logger.error("a guest that has come is not as it should be", server=run.subject, reason=run.answer["reason"])
    return {"power_state": run.answer.get("power_state", power_state)}


def settle(run: Run, means: Means) -> Written:
    """The server is where it went."""
    return Written(lambda tx: _settle(tx, run, means))


def _settle(tx: Transaction, run: Run, means: Means) -> None:
    move.arrived(tx, run, means, MigrationStatus.COMPLETED)
    settle_server(tx, run, means, CALLED, power_state=run.results["land"]["power_state"])


def fail(run: Run, means: Means) -> None:
    """The server is where it was, and its action says what went wrong."""
    means.database.write(move.call_off, run, means, CALLED, MigrationStatus.FAILED)


LIVE_MIGRATE: Workflow[Means] = Workflow(
    "live_migrate",
    (
        Step("hold", move.hold, move.hand_back),
        Step("place", place, move.give_back),
        Step("note", note),
        Step("receive", receive, tear_down),
        Step("send", send, is_awaited=True),
        Step("land", land),
        Step("release", move.release),
        Step("settle", settle),
    ),
    failed=fail,
    no_return="send",
)
