from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pileus.compute.agent.drivers.fake_guest import FakeGuest
from pileus.compute.messages import Destroy, Heartbeat
from pileus.compute.model.power import PowerState
from tests.compute.host import Host
from tests.compute.world import World

if TYPE_CHECKING:
    from pileus.compute.model.server import Server

UNKNOWN = "99999999-9999-9999-9999-999999999999"
LATER_S = 30.0


def judge(world: World) -> None:
    """A heartbeat of every host, and a round of the loop."""
    for host in world.hosts.values():
        host.beat()
    world.bus.deliver()
    world.guest_loop.run()


def state(server: Server) -> tuple[str, int]:
    return (str(server.vm_state), server.power_state)


@pytest.fixture
def host(world: World) -> Host:
    return world.new_host()


# --- leftovers ------------------------------------------------------------------------------------


def haunt(host: Host, server_id: str) -> None:
    """Let a guest be there that should not."""
    host.driver.guests[server_id] = FakeGuest(hostname="x", name="x", power_state=1)


def test_the_guest_of_a_deleted_server_is_removed(world: World, host: Host) -> None:
    server_id = world.active()
    world.delete(server_id)
    world.settle()
    haunt(host, server_id)
    judge(world)
    world.bus.deliver()
    assert host.guests == set()


def test_a_guest_whose_server_is_on_another_host_is_removed_and_the_other_one_stays(world: World, host: Host) -> None:
    other = world.new_host("h2")
    server_id = world.active()
    here, there = (host, other) if server_id in host.guests else (other, host)
    haunt(there, server_id)
    judge(world)
    world.bus.deliver()
    assert (here.guests, there.guests) == ({server_id}, set())
    world.check()


def test_the_guest_of_a_server_that_could_not_be_built_is_removed(world: World, host: Host) -> None:
    host.broken["spawn"] = "no"
    server_id = world.boot()
    world.settle()
    haunt(host, server_id)
    judge(world)
    world.bus.deliver()
    world.check()


def test_a_guest_that_the_database_never_knew_is_left_alone(world: World, host: Host) -> None:
    haunt(host, UNKNOWN)
    judge(world)
    assert world.bus.messages(Destroy) == []
    assert host.guests == {UNKNOWN}


def test_a_removal_that_fails_is_ordered_again_at_the_next_heartbeat(world: World, host: Host) -> None:
    server_id = world.active()
    world.delete(server_id)
    world.settle()
    haunt(host, server_id)
    host.broken["destroy"] = "not now"
    for _ in range(2):
        judge(world)
        assert len(world.bus.messages(Destroy)) == 1
        world.bus.deliver()
    host.broken.clear()
    judge(world)
    world.bus.deliver()
    assert host.guests == set()


def test_a_guest_that_comes_back_after_its_removal_is_removed_again(world: World, host: Host) -> None:
    server_id = world.active()
    world.delete(server_id)
    world.settle()
    for _ in range(3):
        haunt(host, server_id)
        judge(world)
        world.bus.deliver()
        assert host.guests == set()


def test_a_guest_that_is_just_being_built_is_not_judged(world: World, host: Host) -> None:
    world.boot()
    world.run()
    world.bus.deliver_one()  # the order: the guest is there, the outcome is under way
    assert len(host.guests) == 1
    judge(world)
    assert world.bus.messages(Destroy) == []


def test_a_guest_whose_server_was_just_given_to_the_host_is_never_removed(world: World, host: Host) -> None:
    """Whatever moment of its boot the heartbeat and the judgement fall into."""
    for moment in range(12):
        server_id = world.boot()
        for _ in range(moment):
            world.run()
            if world.bus.waiting:
                world.bus.deliver_one()
        host.beat()
        world.bus.deliver()
        world.guest_loop.run()
        assert world.bus.messages(Destroy) == []
        world.settle()
        world.guest_loop.run()
        assert world.bus.messages(Destroy) == []
        assert world.server(server_id).vm_state == "active"
        world.delete(server_id)
        world.settle()


# --- what is set aside ----------------------------------------------------------------------------


def test_what_is_set_aside_is_kept_while_it_is_all_that_there_is(world: World, host: Host) -> None:
    server_id = world.active()
    host.driver.aside[server_id] = host.driver.guests.pop(server_id)
    judge(world)
    world.bus.deliver()
    assert host.driver.list_aside() == [server_id]
    haunt(host, server_id)
    judge(world)
    world.bus.deliver()
    assert (host.driver.list_aside(), host.guests) == ([], {server_id})


# --- power ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("off", [PowerState.SHUTDOWN, PowerState.CRASHED])
def test_a_guest_that_went_off_by_itself_stops_its_server_and_back(world: World, host: Host, off: PowerState) -> None:
    server_id = world.active()
    world.clock.sleep(LATER_S)
    host.driver.set_power_state(server_id, off)
    judge(world)
    assert state(world.server(server_id)) == ("stopped", int(off))
    world.clock.sleep(LATER_S)
    host.driver.set_power_state(server_id, PowerState.RUNNING)
    judge(world)
    assert state(world.server(server_id)) == ("active", 1)
    world.check()


def test_a_guest_that_is_paused_only_changes_its_power_state(world: World, host: Host) -> None:
    server_id = world.active()
    world.clock.sleep(LATER_S)
    host.driver.set_power_state(server_id, PowerState.PAUSED)
    judge(world)
    assert state(world.server(server_id)) == ("active", 3)


def test_a_paused_guest_that_lost_its_power_is_that_of_a_stopped_server(world: World, host: Host) -> None:
    server_id = world.active()
    world.done(server_id, "pause")
    world.clock.sleep(LATER_S)
    host.driver.set_power_state(server_id, PowerState.CRASHED)
    judge(world)
    assert state(world.server(server_id)) == ("stopped", 6)


def test_a_guest_that_went_off_while_its_owner_was_asked_is_found_off_afterwards(world: World, host: Host) -> None:
    server_id = world.resized()
    world.clock.sleep(LATER_S)
    host.driver.set_power_state(server_id, PowerState.SHUTDOWN)
    judge(world)
    assert state(world.server(server_id)) == ("resized", 4)
    world.done(server_id, "confirmResize")
    assert state(world.server(server_id)) == ("active", 4)
    world.clock.sleep(LATER_S)
    judge(world)
    assert state(world.server(server_id)) == ("stopped", 4)


def test_a_server_whose_guest_has_vanished_has_no_power_state(world: World, host: Host) -> None:
    server_id = world.active()
    world.clock.sleep(LATER_S)
    host.driver.guests.clear()
    judge(world)
    assert state(world.server(server_id)) == ("active", 0)


def test_a_server_that_something_is_being_done_to_is_not_judged(world: World, host: Host) -> None:
    server_id = world.active()
    world.clock.sleep(LATER_S)
    host.driver.set_power_state(server_id, PowerState.SHUTDOWN)
    world.act(server_id, "reboot", {"type": "SOFT"})
    world.clock.sleep(LATER_S)
    judge(world)
    assert state(world.server(server_id)) == ("active", 1)


def test_a_heartbeat_from_before_a_stop_does_not_start_the_server_again(world: World, host: Host) -> None:
    server_id = world.active()
    world.clock.sleep(LATER_S)
    host.beat()
    (old,) = world.bus.messages(Heartbeat)
    world.bus.waiting.clear()
    world.act(server_id, "os-stop")
    world.settle()
    world.receiver.receive(old)  # it was on its way for so long
    world.guest_loop.run()
    assert state(world.server(server_id)) == ("stopped", 4)


def test_a_heartbeat_that_waited_for_its_judgement_does_not_undo_what_was_done_meanwhile(
    world: World, host: Host
) -> None:
    server_id = world.active()
    world.clock.sleep(LATER_S)
    host.beat()
    world.bus.deliver()
    world.clock.sleep(7)
    world.act(server_id, "os-stop")
    world.settle()
    world.guest_loop.run()
    assert state(world.server(server_id)) == ("stopped", 4)


def test_a_heartbeat_from_before_a_boot_does_not_take_the_power_from_the_server(world: World, host: Host) -> None:
    host.beat()
    (old,) = world.bus.messages(Heartbeat)
    world.bus.waiting.clear()
    server_id = world.active()
    world.receiver.receive(old)
    world.guest_loop.run()
    assert state(world.server(server_id)) == ("active", 1)


def test_a_heartbeat_is_judged_once(world: World, host: Host) -> None:
    server_id = world.active()
    world.clock.sleep(LATER_S)
    host.driver.set_power_state(server_id, PowerState.SHUTDOWN)
    host.beat()
    world.bus.deliver()
    host.driver.set_power_state(server_id, PowerState.RUNNING)
    world.guest_loop.run()
    world.clock.sleep(LATER_S)
    world.guest_loop.run()
    assert state(world.server(server_id)) == ("stopped", 4)  # until the next one


def test_nothing_is_written_when_all_is_as_it_should_be(world: World, host: Host) -> None:
    world.active()
    world.clock.sleep(LATER_S)
    host.beat()
    world.bus.deliver()
    world.effects.seen.clear()
    world.guest_loop.run()
    assert world.effects.seen == []
