"""Rebuild: the server begins anew, from an image, on its host and with its name and addresses.

check     ask the scheduler whether the host may have the image, if it is another than before
build     have the host's agent put a new guest in the place of the old one
settle    the server is what it was, ACTIVE or SHUTOFF

What it is built of was written into its row when it was asked for. Once it is being built there is no way back: the old
disk is gone.
"""

from __future__ import annotations

from typing import Any

import msgspec

from pileus.compute.db import action, server_migration
from pileus.compute.db import server as servers
from pileus.compute.messages import Rebuild
from pileus.compute.model.action import SELECT_DESTINATIONS
from pileus.compute.model.server import ImageSnapshot, Server, VmState
from pileus.compute.model.server_migration import MigrationType
from pileus.compute.scheduler.ask import Ask, HostView, ask_of
from pileus.compute.workflows.guest import access_to, spec_of
from pileus.compute.workflows.means import Means
from pileus.compute.workflows.one_order import ordering
from pileus.compute.workflows.order import heading, load
from pileus.compute.workflows.state import DELETION, TAKEOVER, give_up
from pileus.compute.workflows.state import settle as settle_server
from pileus.kit.db import Transaction
from pileus.kit.workflow import Run, Step, StepFailed, Workflow, Written


def check(run: Run, means: Means) -> None:
    """Make sure that the server's host may have the image. Raises StepFailed."""
    if run.arguments["old_image"] is None:
        return
    asking = load(run, means)
    hosts = means.scheduler.fleet.current(means.database, means.clock.now(), means.settings.service_down_time_s)
    index = hosts.find(asking.host or "")
    if index is None:
        raise StepFailed("The server is on no host.")
    ask, host = ask_of(asking, means.settings.pci.alias), hosts.view(index)
    refusal = means.scheduler.find_image_refusal(ask, host) or _lack(means, ask, host)
    if refusal is not None:
        means.database.write(action.add_failure, asking.id, SELECT_DESTINATIONS, means.clock.now(), refusal)
        raise StepFailed("No valid host was found. The server's host may not have the image.")


def _lack(means: Means, ask: Ask, host: HostView) -> str | None:
    """Return which trait is why the host may not have the image."""
    traits = means.placement.traits(host.provider)
    wrong = [*sorted(ask.required_traits - traits), *(f"no {trait}" for trait in sorted(ask.forbidden_traits & traits))]
    return f"{host.host}: Placement: it lacks {', '.join(wrong)}" if wrong else None


def _rebuild(run: Run, means: Means, asking: Server) -> Rebuild:
    if asking.image is None:
        raise StepFailed("The server has no image to boot from.")
    image = access_to(means, asking.image)
    return Rebuild(**heading(run), guest=spec_of(means, asking), image=image, is_running=run.arguments["is_running"])


def settle(run: Run, means: Means) -> Written:
    """The server runs, or is switched off as it was before."""
    return Written(lambda tx: _settle(tx, run, means))


def _settle(tx: Transaction, run: Run, means: Means) -> None:
    state: dict[str, Any] = {"vm_state": VmState.ACTIVE if run.arguments["is_running"] else VmState.STOPPED}
    state |= {"power_state": run.results["build"]["power_state"], "launched_at": means.clock.now()}
    settle_server(tx, run, means, "rebuild", unless_task=_taken_over(tx, run), **state)


def fail(run: Run, means: Means) -> None:
    """The server is in ERROR, and says why; or it is as it was, if nothing was done to it yet."""
    means.database.write(_fail, run, means)


def _fail(tx: Transaction, run: Run, means: Means) -> None:
    is_broken = "check" in run.results
    is_ours = give_up(tx, run, means, "rebuild", is_broken=is_broken, unless_task=_taken_over(tx, run))
    if is_ours and not is_broken and run.arguments["old_image"] is not None:
        image = msgspec.convert(run.arguments["old_image"], ImageSnapshot)
        servers.set_image(tx, run.subject, image, means.clock.now())


def _taken_over(tx: Transaction, run: Run) -> tuple[str, ...]:
    """Return the tasks that are not ours: an evacuation's has the name of our own."""
    is_evacuated = server_migration.list_in_progress(tx, run.subject, MigrationType.EVACUATION)
    return TAKEOVER if is_evacuated else DELETION


REBUILD: Workflow[Means] = Workflow(
    "rebuild", (Step("check", check), Step("build", ordering(_rebuild)), Step("settle", settle)), failed=fail
)  # fmt: skip
