from __future__ import annotations

from dataclasses import replace

import pytest

from pileus.compute.db import host as hosts
from pileus.compute.messages import Done, Failed, Spawn
from pileus.compute.model.power import PowerState
from tests.compute.world import World


def test_the_first_heartbeat_makes_a_host_and_nudges_both_loops(world: World) -> None:
    world.new_host()
    with world.database.read() as tx:
        found = hosts.get(tx, "h1")
    assert found.vcpus == 16
    assert found.service.last_seen_at == world.clock.now()
    assert world.nudged == ["inventory", "guest"]


def test_a_heartbeat_that_says_nothing_new_nudges_nobody(world: World) -> None:
    host = world.new_host()
    world.guest_loop.run()
    world.nudged.clear()
    world.clock.sleep(10)
    host.driver._resources = replace(host.driver._resources, disk_available_gb=7)  # it changes all the time
    world.beat()
    assert world.nudged == []
    with world.database.read() as tx:
        found = hosts.get(tx, "h1")
    assert found.service.last_seen_at == world.clock.now()
    assert found.disk_available_gb == 7


def test_new_resources_nudge_the_inventory_and_new_guests_the_guests(world: World) -> None:
    host = world.new_host()
    world.nudged.clear()
    host.driver._resources = replace(host.driver._resources, vcpus=17)
    world.beat()
    assert world.nudged == ["inventory"]
    world.nudged.clear()
    server_id = world.active()
    world.beat()
    assert world.nudged == ["guest"]
    world.nudged.clear()
    host.driver.set_power_state(server_id, PowerState.SHUTDOWN)
    world.beat()
    assert world.nudged == ["guest"]


def test_an_outcome_wakes_the_workflow_that_waits_for_it_and_no_second_one(world: World) -> None:
    world.new_host()
    server_id = world.boot()
    world.run()
    (order,) = world.bus.messages(Spawn)
    assert world.run() == 0
    world.receiver.receive(Done(order_id=order.id, host="h1", server_id=server_id, power_state=1))
    assert world.run() == 1
    world.receiver.receive(Failed(order_id=order.id, host="h1", server_id=server_id, reason="no"))
    assert world.run() == 0


def test_an_outcome_may_come_to_another_process_than_the_one_that_asked(world: World) -> None:
    world.new_host()
    server_id = world.boot()
    world.run()
    world.start()  # one that shares the database, as the next life of the first one does
    world.settle()
    assert world.server(server_id).vm_state == "active"


def test_what_is_no_fact_is_refused(world: World) -> None:
    with pytest.raises(TypeError):
        world.receiver.receive("hello")
