"""Steps that have an agent do something: send the order, wait for the fact."""

from __future__ import annotations

from typing import Any

from pileus.compute.db import host as hosts
from pileus.compute.db import server as servers
from pileus.compute.messages import Order
from pileus.compute.model.errors import HypervisorNotFound
from pileus.compute.model.server import Server
from pileus.compute.workflows.means import Means
from pileus.kit.errors import Unavailable
from pileus.kit.workflow import Run, StepFailed, Waiting


class HostSilent(Unavailable):
    """A host was not heard of lately. It may be back soon, after a restart for instance, so the step is tried again."""

    message = "The compute host {host} does not answer."


RESEND_S = 30.0
"""An order may have been lost: it is sent again, and an agent that had it only repeats what became of it."""


def load(run: Run, means: Means) -> Server:
    """Return the server that a workflow is about. Raises InstanceNotFound."""
    with means.database.read() as tx:
        return servers.get(tx, run.subject)


def is_up(means: Means, host: str) -> bool:
    """Tell whether a host was heard of lately."""
    with means.database.read() as tx:
        try:
            found = hosts.get(tx, host)
        except HypervisorNotFound:
            return False
    return found.service.is_up(means.clock.now(), means.settings.service_down_time_s)


def send_and_wait(run: Run, means: Means, host: str, order: Order) -> dict[str, Any] | Waiting:
    """Return the agent's answer, or send the order and wait for it. Raises HostSilent, StepFailed."""
    if run.answer is None:
        if not is_up(means, host):
            raise HostSilent(host=host)
        means.bus.tell(f"agent.{host}", order)
        return Waiting(RESEND_S)
    answer: dict[str, Any] = run.answer
    if "reason" in answer:
        raise StepFailed(answer["reason"])
    return answer
