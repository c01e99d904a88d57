"""Unshelve: a server that is on no host is built again from the image that it became.

place      choose a host, allocate on it, and write     ⟲ the server is nowhere, and holds nothing
           down where the server will be
build      have the guest built of the image: the       ⟲ have it torn down
           server is ACTIVE, and there is no way back
drop       remove the image

A shelved server that is still on its host is only switched on:

order      have the host's agent switch it on
           (there is no way back from here)
activate   the server is ACTIVE
drop       remove the image
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from pileus.clients.image import ImageNotFound
from pileus.compute.db import server as servers
from pileus.compute.messages import Spawn, Start
from pileus.compute.model.image import snapshot_of
from pileus.compute.model.server import VmState
from pileus.compute.scheduler.ask import ask_of
from pileus.compute.workflows import boot, image
from pileus.compute.workflows.guest import access_to, spec_of
from pileus.compute.workflows.means import Means
from pileus.compute.workflows.one_order import ordering, state_of
from pileus.compute.workflows.order import heading, load, send, take_answer
from pileus.compute.workflows.place import claim_host
from pileus.compute.workflows.state import give_up
from pileus.compute.workflows.state import settle as settle_server
from pileus.kit.db import Transaction
from pileus.kit.workflow import Run, Step, StepFailed, Waiting, Workflow, Written


def place(run: Run, means: Means) -> Written:
    """Choose a host. Raises StepFailed."""
    server = load(run, means)
    ask = replace(ask_of(server, means.settings.pci.alias), only_host=run.arguments["host"])
    return boot.placed(means, server, claim_host(means, server, ask))


def build(run: Run, means: Means) -> Written | Waiting:
    """Have the guest built; with that the server is ACTIVE. Raises StepFailed."""
    if run.answer is not None:
        built = take_answer(run)
        return Written(lambda tx: _activate(tx, run, means, built))
    server = load(run, means)
    try:
        shelved = snapshot_of(means.images.get(run.arguments["image_id"]))
    except ImageNotFound as error:
        raise StepFailed(error.reason) from None
    order = Spawn(**heading(run), guest=spec_of(means, server), image=access_to(means, shelved, of=server))
    return send(means, run.results["place"]["host"], order)


def _activate(tx: Transaction, run: Run, means: Means, built: dict[str, Any]) -> dict[str, Any]:
    now = means.clock.now()
    _forget_image(tx, run, now)
    state: dict[str, Any] = {"vm_state": VmState.ACTIVE, "power_state": built["power_state"]}
    settle_server(tx, run, means, "unshelve", launched_at=now, **state)
    return built


def activate_here(run: Run, means: Means) -> Written:
    """The server is ACTIVE, or what it came to be as it was switched on."""
    return Written(lambda tx: _activate_here(tx, run, means))


def _activate_here(tx: Transaction, run: Run, means: Means) -> None:
    _forget_image(tx, run, means.clock.now())
    settle_server(tx, run, means, "unshelve", **state_of(run.results["order"]["power_state"]))


def _forget_image(tx: Transaction, run: Run, now: datetime) -> None:
    servers.update(tx, run.subject, now, shelved_image_id=None, shelved_at=None)


def drop(run: Run, means: Means) -> None:
    """Remove the image."""
    image.drop(run.arguments["image_id"], means)


def fail(run: Run, means: Means) -> None:
    """The server is as it was, and its action says what went wrong."""
    means.database.write(give_up, run, means, "unshelve")


UNSHELVE: Workflow[Means] = Workflow(
    "unshelve",
    (
        Step("place", place, boot.give_back),
        Step("build", build, boot.tear_down),
        Step("drop", drop),
    ),
    failed=fail,
    no_return="build",
)

UNSHELVE_HERE: Workflow[Means] = Workflow(
    "unshelve_here",
    (
        Step("order", ordering(lambda run, _means, _server: Start(**heading(run)))),
        Step("activate", activate_here),
        Step("drop", drop),
    ),
    failed=fail,
    no_return="order",
)
