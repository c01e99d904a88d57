from __future__ import annotations

from typing import TYPE_CHECKING

from pileus.compute.loops.history import KEPT, forget_ended
from pileus.compute.operations import history

if TYPE_CHECKING:
    from tests.compute.world import World


def test_workflows_that_ended_long_ago_are_forgotten_and_those_under_way_are_not(world: World) -> None:
    world.new_host()
    world.active()
    assert forget_ended(world.database, world.store, world.clock) == 0
    world.boot()
    world.clock.sleep(KEPT.total_seconds() + 1)
    assert forget_ended(world.database, world.store, world.clock) == 1
    assert [kind for kind, _, _ in world.unfinished()] == ["boot"]
    assert world.ended() == ["do"]


def test_a_purge_forgets_deleted_servers_and_ended_workflows(world: World) -> None:
    world.new_host()
    world.delete(world.active())
    world.settle()
    world.clock.sleep(1)
    assert world.database.write(history.purge, world.clock.now()) == 2, "a server and its boot"
    assert world.ended() == ["done"], "the last one stays"
