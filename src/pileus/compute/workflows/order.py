"""Steps that have an agent do something: send the order, wait for the fact."""

from __future__ import annotations

from typing import Any

from pileus.compute.db import server as servers
from pileus.compute.db import service as services
from pileus.compute.messages import Destroy, Order, address_of
from pileus.compute.model.error.service import HostBinaryNotFound
from pileus.compute.model.host import COMPUTE_BINARY
from pileus.compute.model.server import Server
from pileus.compute.workflows.means import Means
from pileus.kit import log
from pileus.kit.errors import Unavailable
from pileus.kit.workflow import Run, StepFailed, Waiting

logger = log.get_logger("pileus.compute.order")


class HostSilent(Unavailable):
    """A host was not heard of lately. It may be back soon, after a restart for instance, so the step is tried again."""

    message = "The server's host does not answer."  # users must not know which one it is


RESEND_S = 10.0
"""An order may have been lost: it is sent again, and an agent that had it only repeats what became of it."""


def heading(run: Run) -> dict[str, Any]:
    """Return what every order of a step begins with."""
    return {"id": run.order_id, "server_id": run.subject, "turn": run.turn}


def load(run: Run, means: Means) -> Server:
    """Return the server that a workflow is about. Raises InstanceNotFound."""
    with means.database.read() as tx:
        return servers.get(tx, run.subject)


def is_up(means: Means, host: str) -> bool:
    """Tell whether a host was heard of lately."""
    with means.database.read() as tx:
        try:
            found = services.get_on(tx, host, COMPUTE_BINARY)
        except HostBinaryNotFound:
            return False
    return found.is_up(means.clock.now(), means.settings.service_down_time_s)


def have_destroyed(run: Run, means: Means, host: str, *, keeps_aside: bool = False) -> Waiting | None:
    """Have a guest removed, and return None once it is gone."""
    return have_removed(run, means, host, Destroy(**heading(run), keeps_aside=keeps_aside))


def have_removed(run: Run, means: Means, host: str, order: Order) -> Waiting | None:
    """Have something removed, and return None once it is gone; a removal that fails is ordered again after a while.

    Nobody waits for a host that is silent. It gets the order all the same, should it live after all; and when it is
    back with what should be gone, a loop sees to that.
    """
    if run.answer is None:
        means.bus.tell(address_of(host), order)
    elif "reason" not in run.answer:
        return None
    else:
        logger.error("something could not be removed", server=run.subject, host=host, reason=run.answer["reason"])
    return Waiting(RESEND_S) if is_up(means, host) else None


def have_done(run: Run, means: Means, host: str, order: Order) -> dict[str, Any] | Waiting:
    """Return the agent's answer however long it takes: what fails is ordered again after a while.

    A silent host is waited for, so that is for what must not be left half done.
    """
    if run.answer is None:
        means.bus.tell(address_of(host), order)
    elif "reason" not in run.answer:
        return dict(run.answer)
    else:
        logger.error("something could not be done yet", server=run.subject, host=host, reason=run.answer["reason"])
    return Waiting(RESEND_S)


def send_and_wait(run: Run, means: Means, host: str, order: Order) -> dict[str, Any] | Waiting:
    """Return the agent's answer, or send the order and wait for it. Raises HostSilent, StepFailed."""
    return send(means, host, order) if run.answer is None else take_answer(run)


def send(means: Means, host: str, order: Order) -> Waiting:
    """Send the order; the step is called again with its answer. Raises HostSilent."""
    if not is_up(means, host):
        raise HostSilent(host=host)
    means.bus.tell(address_of(host), order)
    return Waiting(RESEND_S)


def take_answer(run: Run) -> dict[str, Any]:
    """Return what the agent answered. Raises StepFailed."""
    answer: dict[str, Any] = run.answer
    if "reason" in answer:
        raise StepFailed(answer["reason"])
    return answer
