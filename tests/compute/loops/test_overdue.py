from __future__ import annotations

import msgspec
import pytest

from pileus.compute.loops.overdue import do_overdue
from tests.compute.world import World


def _settings(world: World, **settings: float) -> None:
    world.settings = msgspec.structs.replace(world.settings, **settings)
    world.start()


def test_a_resize_that_nobody_confirms_is_confirmed_in_time(world: World) -> None:
    world.new_host()
    _settings(world, resize_confirm_after_s=60.0)
    server_id = world.resized()
    assert do_overdue(world.backend) == 0
    world.clock.sleep(61)
    assert do_overdue(world.backend) == 1
    assert do_overdue(world.backend) == 0  # it is under way
    world.settle()
    assert world.server(server_id).vm_state == "active"
    world.check()


def test_a_shelved_server_makes_room_in_time(world: World) -> None:
    world.new_host()
    _settings(world, shelved_offload_after_s=60.0)
    server_id = world.active()
    world.done(server_id, "shelve")
    assert (world.server(server_id).vm_state, world.server(server_id).host) == ("shelved", "h1")
    world.clock.sleep(61)
    assert do_overdue(world.backend) == 1
    world.settle()
    assert (world.server(server_id).vm_state, world.server(server_id).host) == ("shelved_offloaded", None)
    world.check()


def test_a_deleted_server_is_kept_for_a_while_and_then_reclaimed(world: World) -> None:
    world.new_host()
    server_id = world.softly_deleted(world.active())
    assert world.server(server_id).status == "SOFT_DELETED"
    world.clock.sleep(3000)
    assert do_overdue(world.backend) == 0
    world.clock.sleep(700)
    assert do_overdue(world.backend) == 1
    world.settle()
    assert world.server(server_id).deleted_at is not None
    world.check()


@pytest.mark.parametrize("state", ["shelve", "resize"])
def test_without_a_limit_nothing_is_overdue(world: World, state: str) -> None:
    world.new_host()
    _settings(world, shelved_offload_after_s=-1.0)
    server_id = world.active()
    world.done(server_id, state, {"flavorRef": "2"} if state == "resize" else None)
    world.clock.sleep(10**6)
    assert do_overdue(world.backend) == 0
