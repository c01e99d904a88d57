from __future__ import annotations

import pytest

from pileus.compute.messages import Reboot, Stop
from pileus.compute.model.power import PowerState
from tests.compute.world import World

STOPPED, ACTIVE = ("stopped", None, 4), ("active", None, 1)
ACTIONS = {"os-stop": (None, "stop"), "os-start": (None, "start"), "reboot": ({"type": "HARD"}, "reboot")}


def state(world: World, server_id: str) -> tuple[str, str | None, int]:
    server = world.server(server_id)
    return (str(server.vm_state), server.task_state, server.power_state)


def do(world: World, server_id: str, action: str) -> None:
    assert world.act(server_id, action, ACTIONS[action][0]).status == 202
    world.settle()


def test_a_server_is_stopped_and_started(world: World) -> None:
    host = world.new_host()
    server_id = world.active()
    do(world, server_id, "os-stop")
    assert state(world, server_id) == STOPPED
    assert host.driver.power_state(server_id) == PowerState.SHUTDOWN
    do(world, server_id, "os-start")
    assert state(world, server_id) == ACTIVE
    assert world.last_action(server_id) | {"action": "start", "message": None} == world.last_action(server_id)
    world.check()


@pytest.mark.parametrize("kind", ["SOFT", "HARD"])
def test_a_server_is_rebooted(world: World, kind: str) -> None:
    host = world.new_host()
    server_id = world.active()
    assert world.act(server_id, "reboot", {"type": kind}).status == 202
    assert world.server(server_id).status == ("HARD_REBOOT" if kind == "HARD" else "REBOOT")
    world.run()
    (order,) = world.bus.messages(Reboot)
    assert order.hard is (kind == "HARD")
    world.settle()
    assert state(world, server_id) == ACTIVE
    assert host.driver.guests[server_id].boots == 2
    world.check()


def test_a_hard_reboot_brings_a_stopped_server_up(world: World) -> None:
    world.new_host()
    server_id = world.active()
    do(world, server_id, "os-stop")
    do(world, server_id, "reboot")
    assert state(world, server_id) == ACTIVE


def test_a_server_that_crashes_as_it_is_rebooted_is_stopped(world: World) -> None:
    host = world.new_host()
    server_id = world.active()
    world.act(server_id, "reboot", {"type": "HARD"})
    world.run()
    original = host.driver.reboot

    def crash(server_id: str, *, hard: bool, timeout_s: float) -> None:
        original(server_id, hard=hard, timeout_s=timeout_s)
        host.driver.set_power_state(server_id, PowerState.CRASHED)

    host.driver.reboot = crash  # type: ignore[method-assign]
    world.settle()
    assert state(world, server_id) == ("stopped", None, 6)
    world.check()


@pytest.mark.parametrize(("action", "verb"), [("os-stop", "stop"), ("reboot", "reboot")])
def test_what_fails_on_the_host_leaves_the_server_usable_and_tells_why(world: World, action: str, verb: str) -> None:
    host = world.new_host()
    server_id = world.active()
    host.broken[verb] = "The guest does not listen."
    do(world, server_id, action)
    assert state(world, server_id) == ACTIVE
    assert world.server(server_id).fault is None
    assert world.last_action(server_id)["message"] == "Error"
    host.broken.clear()
    do(world, server_id, action)
    assert world.last_action(server_id)["message"] is None
    world.check()


def test_a_start_that_fails_leaves_the_server_stopped(world: World) -> None:
    host = world.new_host()
    server_id = world.active()
    do(world, server_id, "os-stop")
    host.broken["start"] = "no"
    do(world, server_id, "os-start")
    assert state(world, server_id) == STOPPED
    world.check()


@pytest.mark.parametrize("action", ["os-stop", "reboot"])
def test_a_silent_host_leaves_the_server_usable(world: World, action: str) -> None:
    host = world.new_host()
    server_id = world.active()
    host.vanish()
    do(world, server_id, action)
    assert state(world, server_id) == ACTIVE
    assert world.last_action(server_id)["message"] == "Error"
    host.start_agent()
    world.beat()
    do(world, server_id, "os-stop")
    assert state(world, server_id) == STOPPED


def test_a_server_deleted_while_it_is_stopped_is_deleted(world: World) -> None:
    world.new_host()
    server_id = world.active()
    world.act(server_id, "os-stop")
    world.run()
    assert world.bus.messages(Stop)
    world.delete(server_id)
    world.settle()
    assert world.server(server_id).deleted_at is not None
    world.check()


def test_an_order_that_comes_twice_reboots_once(world: World) -> None:
    host = world.new_host()
    server_id = world.active()
    world.bus.disturb = lambda _address, _message: 2
    do(world, server_id, "reboot")
    assert host.driver.guests[server_id].boots == 2


def test_two_actions_at_once_are_one_and_a_refusal(world: World) -> None:
    world.new_host()
    server_id = world.active()
    assert world.act(server_id, "os-stop").status == 202
    assert world.act(server_id, "os-stop").status == 409
    assert world.act(server_id, "reboot", {"type": "SOFT"}).status == 409
    world.settle()
    world.check()
