"""Boot: from a row to a running guest.

place      choose a host, allocate on it in placement,      ⟲ the server is nowhere, and holds nothing
           and write down where the server will be
build      have the host's agent build and start the guest: ⟲ have it torn down
           the server is ACTIVE, and there is no way back
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pileus.compute.db import host, server
from pileus.compute.messages import Spawn
from pileus.compute.model.server import Server, TaskState, VmState
from pileus.compute.scheduler.ask import ask_of
from pileus.compute.workflows.affinity import leave_claim
from pileus.compute.workflows.claim import leave
from pileus.compute.workflows.guest import access_to, spec_of
from pileus.compute.workflows.means import Means
from pileus.compute.workflows.order import have_destroyed, heading, load, send, take_answer
from pileus.compute.workflows.place import claim_host
from pileus.compute.workflows.state import TAKEOVER, give_up, settle
from pileus.kit.db import Transaction
from pileus.kit.workflow import Run, Step, StepFailed, Waiting, Workflow, Written

# --- place ----------------------------------------------------------------------------------------


def place(run: Run, means: Means) -> Written:
    """Choose a host and allocate; placement's answer is the last word. Raises StepFailed."""
    asking = load(run, means)
    ask = replace(
        ask_of(asking, means.settings.pci.alias), only_host=asking.requested_host, only_node=asking.requested_node,
        is_forced=asking.is_host_forced,
    )  # fmt: skip
    return placed(means, asking, claim_host(means, asking, ask))


def placed(means: Means, asking: Server, place: dict[str, str]) -> Written:
    """Write down where the server will be."""
    return Written(lambda tx: _assign(tx, means, asking, place))


def _assign(tx: Transaction, means: Means, asking: Server, place: dict[str, str]) -> dict[str, str]:
    values: dict[str, Any] = {"host": place["host"], "node": place["node"], "task_state": TaskState.SPAWNING}
    server.set_state(tx, asking.id, now=means.clock.now(), unless_task=TAKEOVER, **values)
    if asking.group_id is not None:
        leave_claim(tx, asking.id)
    return place


def give_back(run: Run, means: Means) -> None:
    """The server is nowhere, and holds nothing in placement any more."""
    means.placement.release(run.subject)
    means.database.write(_unassign, run.subject, means)


def _unassign(tx: Transaction, server_id: str, means: Means) -> None:
    server.set_state(tx, server_id, host=None, node=None, now=means.clock.now())
    leave(tx, server_id)


# --- build ----------------------------------------------------------------------------------------


def build(run: Run, means: Means) -> Written | Waiting:
    """Have the guest built and started; with that the server is ACTIVE. Raises StepFailed."""
    if run.answer is not None:
        built = take_answer(run)
        return Written(lambda tx: _activate(tx, run, means, built))
    asking = load(run, means)
    if asking.image is None:
        raise StepFailed("The server has no image to boot from.")
    order = Spawn(**heading(run), guest=spec_of(means, asking), image=access_to(means, asking.image))
    return send(means, run.results["place"]["host"], order)


def _activate(tx: Transaction, run: Run, means: Means, built: dict[str, Any]) -> dict[str, Any]:
    chosen = run.results["place"]["host"]
    host.forget_failed_builds(tx, chosen)
    state: dict[str, Any] = {"vm_state": VmState.ACTIVE, "power_state": built["power_state"]}
    settle(tx, run, means, "create", done_on=chosen, launched_at=means.clock.now(), **state)
    return built


def tear_down(run: Run, means: Means) -> Waiting | None:
    """Have the guest removed. One attempt may fail, as what kept it from being built may; a loop makes the others."""
    place_result = run.results.get("place")
    if place_result is None or run.answer is not None:
        return None
    return have_destroyed(run, means, place_result["host"])


# --- what goes wrong ------------------------------------------------------------------------------


def fail(run: Run, means: Means) -> None:
    """The server is in ERROR, and says why; unless it is being deleted, when nobody wants to know."""
    means.database.write(_fail, run, means)


def _fail(tx: Transaction, run: Run, means: Means) -> None:
    is_ours = give_up(tx, run, means, "create", is_broken=True)
    if is_ours and "place" in run.results:
        host.count_failed_build(tx, run.results["place"]["host"])


BOOT: Workflow[Means] = Workflow(
    "boot",
    (
        Step("place", place, give_back),
        Step("build", build, tear_down),
    ),
    failed=fail,
)
