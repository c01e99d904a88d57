"""Resize, and cold migration: a server becomes another size, or goes to another host, and can still go back.

hold      the migration holds what the server had                  ⟲ hand it back
place     choose a host and allocate the new size on it            ⟲ give the allocation back
note      write down where it goes
carry     make images for its disks, if it goes to another host    ⟲ remove them
depart    have the guest set aside, and its disks stored           ⟲ have it brought back
arrive    have the new guest built on those disks                  ⟲ have it torn down
drop      remove the images
settle    the server waits for its owner's word: VERIFY_RESIZE

What follows is in `confirm_resize.py` or `revert_resize.py`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from pileus.compute.db import server as servers
from pileus.compute.messages import BringBack, Resize, SetAside, Spawn
from pileus.compute.model.block_device import disks_after
from pileus.compute.model.error.block_device import DiskShrinks
from pileus.compute.model.flavor import Flavor
from pileus.compute.model.server import Server, TaskState, VmState
from pileus.compute.model.server_migration import MigrationStatus
from pileus.compute.workflows import carrier, move
from pileus.compute.workflows.guest import spec_of
from pileus.compute.workflows.means import Means
from pileus.compute.workflows.move import destination_of, migration_of
from pileus.compute.workflows.order import have_destroyed, have_done, heading, load, send_and_wait
from pileus.compute.workflows.state import WITHOUT_GUEST
from pileus.compute.workflows.state import settle as settle_server
from pileus.kit.db import Transaction
from pileus.kit.workflow import Run, Step, StepFailed, Waiting, Workflow, Written


def flavor_of(run: Run) -> Flavor:
    """Return the size that the server shall have."""
    return msgspec.convert(run.arguments["flavor"], Flavor)


def place(run: Run, means: Means) -> dict[str, str]:
    """Choose a host, which may be its own where that is allowed. Raises StepFailed."""
    grown = _grown(run, load(run, means))
    may_stay = means.settings.may_resize_to_same_host and run.arguments["called"] == "resize"
    return move.place(run, means, grown, may_stay=may_stay)


def _grown(run: Run, server: Server) -> Server:
    """Return the server as it shall be. Raises StepFailed if that would take something from a disk."""
    flavor = flavor_of(run)
    try:
        disks = disks_after(server.flavor, flavor, server.block_devices)
    except DiskShrinks as error:
        raise StepFailed(error.reason) from None
    return replace(server, flavor=flavor, block_devices=disks)


def note(run: Run, means: Means) -> Written:
    """Write down where it goes."""
    return Written(lambda tx: move.note(tx, run, means, MigrationStatus.MIGRATING, TaskState.RESIZE_MIGRATING))


def _stays(run: Run) -> bool:
    return destination_of(run) == str(run.arguments["source"])


def carry(run: Run, means: Means) -> None:
    """Make what carries its disks."""
    if not _stays(run):
        carrier.make(migration_of(run), load(run, means), means)


def drop(run: Run, means: Means) -> None:
    """Remove what carried its disks."""
    carrier.remove(migration_of(run), load(run, means), means)


def depart(run: Run, means: Means) -> dict[str, Any] | Waiting:
    """Have the guest set aside. Raises StepFailed."""
    images = {}
    if not _stays(run):
        if run.answer is None and carrier.is_stored(migration_of(run), means):
            return {}  # stored before, and the process died before it could say so
        images = carrier.to_fill(migration_of(run), load(run, means), means)
    return send_and_wait(run, means, run.arguments["source"], SetAside(**heading(run), **images))


def bring_back(run: Run, means: Means) -> Waiting | None:
    """Have the guest go on where it was, unless something else is being done to the server by now."""
    if load(run, means).task_state in WITHOUT_GUEST:
        return None
    order = BringBack(**heading(run), is_running=run.arguments["is_running"])
    asked = have_done(run, means, run.arguments["source"], order)
    return asked if isinstance(asked, Waiting) else None


def arrive(run: Run, means: Means) -> dict[str, Any] | Waiting:
    """Have the guest built where it goes. Raises StepFailed."""
    server, is_running = load(run, means), run.arguments["is_running"]
    guest = spec_of(means, _grown(run, server))
    if _stays(run):
        order: Resize | Spawn = Resize(**heading(run), guest=guest, is_running=is_running)
    else:
        images = carrier.to_read(migration_of(run), server, means)
        order = Spawn(**heading(run), guest=guest, is_running=is_running, **images)
    return send_and_wait(run, means, destination_of(run), order)


def tear_down(run: Run, means: Means) -> Waiting | None:
    """Have the new guest removed."""
    return have_destroyed(run, means, destination_of(run), keeps_aside=_stays(run))


def settle(run: Run, means: Means) -> Written:
    """The server waits for its owner's word. Raises StepFailed if something else was begun for it meanwhile."""
    return Written(lambda tx: _settle(tx, run, means))


def _settle(tx: Transaction, run: Run, means: Means) -> None:
    now, server = means.clock.now(), servers.get(tx, run.subject)
    disks, old = _grown(run, server).block_devices, server.block_devices
    servers.set_flavor(tx, server.id, flavor_of(run), server.flavor, now)
    servers.change(tx, server.id, now, old_vm_state=server.vm_state, block_devices=disks, old_block_devices=old)
    move.arrived(tx, run, means, MigrationStatus.FINISHED)
    power_state = run.results["arrive"]["power_state"]
    called = run.arguments["called"]
    if not settle_server(tx, run, means, called, vm_state=VmState.RESIZED, power_state=power_state):
        raise StepFailed("Something else was begun for the server meanwhile.")


def fail(run: Run, means: Means) -> None:
    """The server is as it was, and its action says what went wrong."""
    means.database.write(move.call_off, run, means, run.arguments["called"], MigrationStatus.ERROR)


RESIZE: Workflow[Means] = Workflow(
    "resize",
    (
        Step("hold", move.hold, move.hand_back),
        Step("place", place, move.give_back),
        Step("note", note),
        Step("carry", carry, drop),
        Step("depart", depart, bring_back),
        Step("arrive", arrive, tear_down),
        Step("drop", drop),
        Step("settle", settle),
    ),
    failed=fail,
)
