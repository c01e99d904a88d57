from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from pileus.compute.db import console_token, tables
from pileus.compute.messages import Destroy, Done, Heartbeat, Snapshot, Spawn
from pileus.compute.model.console import Console
from tests.compute.world import SILENT_S, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from pileus.compute.workflows.means import Means
    from pileus.kit.workflow import Run
    from pileus.kit.workflow.workflow import Do


def assert_gone(world: World, server_id: str) -> None:
    assert world.call("compute", "GET", f"/v2.1/servers/{server_id}").status == 404
    server = world.server(server_id)
    assert (server.vm_state, server.task_state) == ("deleted", None)
    assert server.deleted_at is not None
    world.check()


def test_a_deleted_server_leaves_no_guest_and_no_allocation(world: World) -> None:
    host = world.new_host()
    server_id = world.active()
    assert world.delete(server_id) == 204
    assert world.server(server_id).task_state == "deleting"
    world.settle()
    assert host.guests == set()
    assert_gone(world, server_id)


def test_a_server_that_is_being_deleted_may_be_deleted_again(world: World) -> None:
    world.new_host()
    server_id = world.active()
    assert world.delete(server_id) == 204
    world.run()
    assert world.delete(server_id) == 204
    world.settle()
    assert_gone(world, server_id)
    assert world.ended() == ["done", "done"]
    assert world.delete(server_id) == 404


def test_a_server_in_error_is_deleted(world: World) -> None:
    server_id = world.boot()
    world.settle()
    assert world.server(server_id).vm_state == "error"
    world.delete(server_id)
    world.work()
    assert_gone(world, server_id)


@pytest.mark.parametrize("messages", range(4))
def test_a_server_may_be_deleted_while_it_is_built(world: World, messages: int) -> None:
    """After so many of the messages of its boot have arrived."""
    host = world.new_host()
    server_id = world.boot()
    for _ in range(messages):
        world.run()
        if world.bus.waiting:
            world.bus.deliver_one()
    world.delete(server_id)
    world.settle()
    assert host.guests == set()
    assert_gone(world, server_id)


@pytest.mark.parametrize("step", ["place", "build"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_server_may_be_deleted_at_any_step_of_its_boot(world: World, step: str, moment: str) -> None:
    host = world.new_host()
    server_id = world.boot()
    _interrupt(world, "boot", step, moment, lambda: world.delete(server_id))
    world.settle()
    assert host.guests == set()
    assert_gone(world, server_id)


def _interrupt(world: World, kind: str, step: str, moment: str, act: Callable[[], object]) -> None:
    """Have something done just before or just after the first call of a step, before its row is written."""
    workflow = world.runner._workflows[kind]
    done: list[object] = []

    def interrupted(original: Do[Means]) -> Do[Means]:
        def do(run: Run, means: Means) -> Any:
            if moment == "before" and not done:
                done.append(act())
            result = original(run, means)
            if moment == "after" and not done:
                done.append(act())
            return result

        return do

    steps = tuple(replace(one, do=interrupted(one.do)) if one.name == step else one for one in workflow.steps)
    world.runner._workflows[kind] = replace(workflow, steps=steps)


def test_a_removal_that_overtakes_the_building_wins(world: World) -> None:
    host = world.new_host()
    server_id = world.boot()
    world.run()
    world.delete(server_id)
    world.run()
    assert [type(message) for message in world.bus.messages()] == [Spawn, Destroy]
    world.bus.waiting.reverse()
    world.settle()
    assert host.guests == set()
    assert_gone(world, server_id)


def test_a_server_on_a_host_that_is_down_is_deleted_and_its_guest_goes_when_the_host_is_back(world: World) -> None:
    host = world.new_host()
    server_id = world.active()
    host.vanish()
    world.clock.sleep(SILENT_S)
    world.delete(server_id)
    world.work()
    assert host.guests == {server_id}
    assert world.server(server_id).deleted_at is not None
    host.start_agent()
    world.repair()
    assert_gone(world, server_id)


def test_a_host_that_only_seems_to_be_down_removes_the_guest_at_once(world: World) -> None:
    """As when the control plane comes back after a while, and has heard of no host yet."""
    host = world.new_host()
    server_id = world.active()
    world.clock.sleep(SILENT_S)
    world.delete(server_id)
    world.work()
    assert host.guests == set()
    assert_gone(world, server_id)


def test_a_guest_that_cannot_be_removed_keeps_its_server_until_it_can(world: World) -> None:
    host = world.new_host()
    server_id = world.active()
    host.broken["destroy"] = "libvirt is gone"
    world.delete(server_id)
    for _ in range(5):
        world.work()
        world.clock.sleep(10)
        world.beat()
    assert world.server(server_id).task_state == "deleting"
    assert world.allocations() == {server_id: "h1"}
    host.broken.clear()
    world.settle()
    assert_gone(world, server_id)


def test_a_lost_order_to_remove_is_sent_again(world: World) -> None:
    world.new_host()
    server_id = world.active()
    world.delete(server_id)
    world.run()
    assert world.bus.messages(Destroy)
    world.bus.waiting.clear()
    world.settle()
    assert_gone(world, server_id)


def test_deleting_goes_on_until_placement_answers(world: World) -> None:
    world.new_host()
    server_id = world.active()
    url = "http://placement.test"
    app = world._transport._local.pop(url)
    world.delete(server_id)
    for _ in range(3):
        world.work()
        world.clock.sleep(10)
    assert world.server(server_id).task_state == "deleting"
    world._transport._local[url] = app
    world.settle()
    assert_gone(world, server_id)


def test_the_tokens_of_a_deleted_servers_console_lead_nowhere(world: World) -> None:
    world.new_host()
    server_id, now = world.active(), world.clock.now()
    console = Console(
        server_id=server_id, console_type="novnc", host="h1", port=5900, tls_port=None, internal_access_path=None,
        expires_at=now + timedelta(hours=1),
    )  # fmt: skip
    world.database.write(console_token.add, "secret", console, now)
    world.delete(server_id)
    world.settle()
    with world.database.read() as tx:
        assert tx.all(tables.CONSOLE_TOKEN.select()) == []


# --- while it is snapshotted ----------------------------------------------------------------------


def test_a_server_deleted_before_its_snapshot_began_leaves_no_image(world: World) -> None:
    world.new_host()
    server_id = world.active()
    image_id = world.snapshot(server_id)
    world.delete(server_id)
    world.settle()
    assert world.image(image_id) is None
    assert_gone(world, server_id)


def test_a_server_deleted_while_its_disk_is_copied_leaves_no_image(world: World) -> None:
    world.new_host()
    server_id = world.active()
    image_id = world.snapshot(server_id)
    world.run()
    assert world.bus.messages(Snapshot)
    world.delete(server_id)
    world.run()
    assert world.image(image_id) is None
    world.settle()
    assert_gone(world, server_id)


def test_a_finished_snapshot_survives_its_server_even_if_nobody_has_noticed_yet(world: World) -> None:
    world.new_host()
    server_id = world.active()
    image_id = world.snapshot(server_id)
    world.bus.disturb = lambda _address, message: 0 if isinstance(message, Done) else 1
    world.work()
    assert world.image(image_id) == "active"  # which is what its owner waits for before he deletes the server
    world.bus.disturb = lambda _address, _message: 1
    world.delete(server_id)
    world.settle()
    assert world.image(image_id) == "active"
    assert_gone(world, server_id)


def test_nothing_that_comes_late_brings_a_deleted_server_back(world: World) -> None:
    host = world.new_host()
    server_id = world.boot()
    old: list[object] = []

    def note(_address: str, message: object) -> int:
        old.append(message)
        return 1

    world.bus.disturb = note
    world.settle()
    world.delete(server_id)
    world.settle()
    world.bus.disturb = lambda _address, _message: 1
    for message in old:
        if not isinstance(message, Heartbeat):
            world.bus.tell("compute" if isinstance(message, Done) else "agent.h1", message)
    world.settle()
    assert host.guests == set()
    assert_gone(world, server_id)
