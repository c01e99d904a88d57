from __future__ import annotations

from typing import TYPE_CHECKING

from pileus.compute.db import server as servers
from pileus.compute.db import server_migration
from pileus.compute.db.tables import WORKFLOW, WORKFLOW_STEP
from pileus.compute.loops.stuck import GRACE, end_stuck_moves, end_stuck_tasks
from pileus.compute.model.server import TaskState, VmState
from pileus.compute.model.server_migration import MigrationStatus
from pileus.kit.workflow import WorkflowStore
from tests.compute.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from pileus.kit.db import Transaction


def end(world: World) -> int:
    return end_stuck_tasks(world.database, world.store, world.clock)


def stick(world: World, server_id: str, task: TaskState) -> None:
    def change(tx: Transaction) -> None:
        servers.set_state(tx, server_id, task_state=task, now=world.clock.now())

    world.database.write(change)


class Overtaken(WorkflowStore):
    """Work that ends, or goes on, between the look at what it works on and the look at itself."""

    def __init__(self, meanwhile: Callable[[Transaction], object]) -> None:
        super().__init__(WORKFLOW, WORKFLOW_STEP)
        self._meanwhile = meanwhile

    def is_busy(self, tx: Transaction, subject: str) -> bool:
        self._meanwhile(tx)
        return False


def test_a_task_that_nobody_does_is_ended_after_a_while(world: World) -> None:
    world.new_host()
    server_id = world.active()
    stick(world, server_id, TaskState.REBOOT_STARTED)
    assert end(world) == 0
    world.clock.sleep(GRACE.total_seconds() + 1)
    assert end(world) == 1
    assert world.server(server_id).task_state is None
    world.check()


def test_a_building_that_nobody_does_ends_in_error_and_says_so(world: World) -> None:
    world.new_host()
    server_id = world.boot()
    world.database.write(lambda tx: tx.execute(world.store._workflow.delete()))
    world.clock.sleep(GRACE.total_seconds() + 1)
    assert end(world) == 1
    server = world.server(server_id)
    assert (server.vm_state, server.task_state) == ("error", None)
    assert server.fault is not None
    assert server.fault.message == "The server was not built to its end."
    world.check()


def test_a_deletion_that_nobody_does_may_be_asked_for_again(world: World) -> None:
    world.new_host()
    server_id = world.active()
    stick(world, server_id, TaskState.DELETING)
    world.clock.sleep(GRACE.total_seconds() + 1)
    assert end(world) == 1
    assert world.delete(server_id) == 204
    world.settle()
    world.check()


def test_a_task_that_somebody_does_is_left_alone_however_long_it_takes(world: World) -> None:
    world.new_host()
    server_id = world.active()
    world.act(server_id, "os-stop")
    world.clock.sleep(10 * GRACE.total_seconds())
    assert end(world) == 0
    assert world.server(server_id).task_state == "powering-off"


def test_a_building_that_ends_while_one_looks_is_no_error(world: World) -> None:
    world.new_host()
    server_id = world.boot()
    world.clock.sleep(GRACE.total_seconds() + 1)
    now = world.clock.now()
    store = Overtaken(
        lambda tx: servers.set_state(tx, server_id, vm_state=VmState.ACTIVE, task_state=None, now=now)
    )  # fmt: skip
    assert end_stuck_tasks(world.database, store, world.clock) == 0
    server = world.server(server_id)
    assert (server.vm_state, server.fault) == ("active", None)


# --- moves ----------------------------------------------------------------------------------------


def end_moves(world: World) -> int:
    world.clock.sleep(GRACE.total_seconds() + 1)
    return end_stuck_moves(world.database, world.store, world.clock)


def test_a_move_that_no_owner_is_asked_about_is_ended_and_what_it_holds_given_back(world: World) -> None:
    world.new_host()
    server_id = world.resized()
    world.database.write(
        lambda tx: servers.set_state(tx, server_id, vm_state=VmState.ACTIVE, now=world.clock.now())
    )  # fmt: skip
    assert end_moves(world) == 1
    assert [one.status for one in world.migrations(server_id)] == [MigrationStatus.CONFIRMED]
    assert world.server(server_id).old_flavor is None
    world.repair()
    world.check()


def test_a_move_that_no_workflow_is_at_has_failed(world: World) -> None:
    world.new_host()
    server_id = world.resized()
    (migration,) = world.migrations(server_id)
    world.done(server_id, "confirmResize")
    world.database.write(
        lambda tx: server_migration.update(tx, migration.uuid, world.clock.now(), status=MigrationStatus.MIGRATING)
    )  # fmt: skip
    assert end_moves(world) == 1
    assert [one.status for one in world.migrations(server_id)] == [MigrationStatus.ERROR]
    world.check()


def test_a_move_that_goes_on_while_one_looks_is_left_alone(world: World) -> None:
    world.new_host()
    server_id = world.resized()
    (migration,) = world.migrations(server_id)

    def becomes(tx: Transaction, status: str) -> None:
        server_migration.update(tx, migration.uuid, world.clock.now(), status=status)

    world.database.write(becomes, MigrationStatus.MIGRATING)
    world.clock.sleep(GRACE.total_seconds() + 1)
    store = Overtaken(lambda tx: becomes(tx, MigrationStatus.FINISHED))
    assert end_stuck_moves(world.database, store, world.clock) == 0
    assert [one.status for one in world.migrations(server_id)] == [MigrationStatus.FINISHED]
    assert world.server(server_id).old_flavor is not None
    world.check()


def test_a_move_that_waits_for_its_owners_word_is_left_alone(world: World) -> None:
    world.new_host()
    server_id = world.resized()
    assert end_moves(world) == 0
    assert world.server(server_id).status == "VERIFY_RESIZE"
    world.check()
