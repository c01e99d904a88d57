from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import datetime

import pytest

from pileus.compute.agent.drivers.fake import RESOURCES
from pileus.compute.db import host as hosts
from pileus.compute.loops.fact import FactReceiver
from pileus.compute.loops.heard import LONGEST_UNCHECKED, Heard
from pileus.compute.loops.heartbeat import write_beats
from pileus.compute.messages import CONTROL, Done, Failed, Heartbeat, Spawn
from pileus.compute.model.power import PowerState
from pileus.kit.db import Database
from pileus.kit.db.database import DatabaseUnavailable
from tests.compute.scenes import lose
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


def test_heartbeats_that_say_nothing_new_wait_to_be_written_together(world: World) -> None:
    host = world.new_host()
    seen = world.clock.now()
    world.clock.sleep(10)
    world.bus.listen(CONTROL, world.receiver.receive)
    host.beat()
    world.bus.deliver()

    def last_seen_at() -> datetime:
        with world.database.read() as tx:
            return hosts.get(tx, "h1").service.last_seen_at

    assert last_seen_at() == seen
    came_at = world.clock.now()
    world.clock.sleep(1)
    write_beats(world.database, world.heard)
    assert last_seen_at() == came_at
    world.clock.sleep(1)
    write_beats(world.database, world.heard)  # once is enough
    assert last_seen_at() == came_at


def test_a_heartbeat_that_could_not_be_written_is_news_again(world: World) -> None:
    broken = Database("sqlite:////nowhere/compute.sqlite")
    heard = Heard()
    beat = Heartbeat(host="h1", resources=RESOURCES, guests=())
    for database in (broken, world.database):
        receiver = FactReceiver(
            database, world.clock, heard, lambda _order, _value: False,
            new_resources=lambda: None, new_guests=lambda: None,
        )  # fmt: skip
        with contextlib.suppress(DatabaseUnavailable):
            receiver.receive(beat)
    with world.database.read() as tx:
        assert hosts.get(tx, "h1").vcpus == RESOURCES.vcpus


def test_heartbeats_that_could_not_be_written_together_are_written_the_next_time(world: World) -> None:
    def say(host: str, vcpus: int = RESOURCES.vcpus) -> datetime:
        world.clock.sleep(1)
        world.receiver.receive(Heartbeat(host=host, resources=replace(RESOURCES, vcpus=vcpus), guests=()))
        return world.clock.now()

    for name in ("h1", "h2"):
        say(name)
    came_at = say("h1")
    say("h2")
    with pytest.raises(DatabaseUnavailable):
        write_beats(Database("sqlite:////nowhere/compute.sqlite"), world.heard)
    taken = world.heard.take_unwritten()
    later = say("h2", vcpus=32)  # which is written whole, at once
    world.heard.put_back(taken)
    write_beats(world.database, world.heard)
    with world.database.read() as tx:
        found = {one.host: (one.service.last_seen_at, one.vcpus) for one in hosts.list_all(tx)}
    assert found == {"h1": (came_at, RESOURCES.vcpus), "h2": (later, 32)}


def test_what_waits_to_be_written_does_not_undo_what_is_newer(world: World) -> None:
    world.new_host()

    def say(vcpus: int, **metrics: float) -> None:
        resources = replace(RESOURCES, vcpus=vcpus, metrics=metrics)
        world.receiver.receive(Heartbeat(host="h1", resources=resources, guests=()))

    say(8, cpu=0.5)
    say(8, cpu=0.6)
    say(16)
    write_beats(world.database, world.heard)
    with world.database.read() as tx:
        assert hosts.get(tx, "h1").vcpus == 16


def test_what_another_process_wrote_late_does_not_stay(world: World) -> None:
    def process() -> FactReceiver:
        return FactReceiver(
            world.database, world.clock, Heard(), lambda _order, _value: False,
            new_resources=lambda: nudged.append("resources"), new_guests=lambda: None,
        )  # fmt: skip

    def say(to: FactReceiver, vcpus: int) -> int:
        to.receive(Heartbeat(host="h1", resources=replace(RESOURCES, vcpus=vcpus), guests=()))
        with world.database.read() as tx:
            return hosts.get(tx, "h1").vcpus

    nudged: list[str] = []
    one, other = process(), process()
    assert [say(one, 8), say(other, 4), say(one, 8)] == [8, 4, 4]  # to one it is nothing new
    world.clock.sleep(LONGEST_UNCHECKED.total_seconds())
    assert (say(one, 8), len(nudged)) == (8, 2)


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


def test_a_host_that_vanished_is_down_and_gets_no_servers_until_it_is_heard_of_again(world: World) -> None:
    host = world.new_host()
    before = world.active()
    lose(world, "h1")
    (service,) = world.call("compute", "GET", "/v2.1/os-services?binary=nova-compute", is_admin=True).decoded()[
        "services"
    ]
    assert service["state"] == "down"
    meanwhile = world.boot()
    world.settle()
    assert world.server(meanwhile).vm_state == "error"
    host.start_agent()
    world.beat()
    after = world.active()
    assert host.guests == {before, after}
    world.check()


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
