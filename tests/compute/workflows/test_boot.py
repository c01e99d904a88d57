from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pileus.compute.db import aggregate, flavor
from pileus.compute.messages import Destroy, Done, Failed, Spawn
from pileus.compute.operations import service as services
from pileus.compute.settings import SchedulerSettings
from pileus.compute.settings import Settings as ComputeSettings
from pileus.kit.db import Transaction
from tests.compute.template import URLS
from tests.compute.world import SILENT_S, World


def test_a_server_boots(world: World) -> None:
    host = world.new_host()
    server_id = world.boot()
    world.settle()

    server = world.server(server_id)
    assert (server.vm_state, server.task_state, server.power_state) == ("active", None, 1)
    assert (server.host, server.node) == ("h1", "h1")
    assert server.launched_at == world.clock.now()
    assert host.guests == {server_id}
    assert world.last_action(server_id)["action"] == "create"
    world.check()


def test_the_order_to_build_holds_all_that_an_agent_needs(world: World) -> None:
    world.new_host()
    server_id = world.boot("web", metadata={"role": "front"})
    world.run()
    (order,) = world.bus.messages(Spawn)
    assert order.guest.server_id == order.server_id == server_id
    assert (order.guest.name, order.guest.metadata) == ("web", {"role": "front"})
    assert (order.guest.memory_mb, order.guest.vcpus, order.guest.root_gb) == (512, 1, 1)
    assert (order.image.image_id, order.image.endpoint) == (world.image_id, URLS["image"])
    assert order.image.hash_algorithm == "sha512"
    assert order.image.token


def test_no_row_of_a_workflow_holds_a_token(world: World) -> None:
    world.new_host()
    world.boot()
    world.run()
    (order,) = world.bus.messages(Spawn)
    with world.database.read() as tx:
        for row in (*tx.all(world.store._workflow.select()), *tx.all(world.store._step.select())):
            assert order.image.token not in str(tuple(row))


def test_servers_spread_over_the_hosts_with_the_most_free_memory(world: World) -> None:
    for name in ("h1", "h2", "h3"):
        world.new_host(name)
    for _ in range(6):
        world.active()
    assert [len(host.guests) for host in world.hosts.values()] == [2, 2, 2]


# --- no valid host --------------------------------------------------------------------------------


def _fault(world: World, server_id: str) -> str:
    server = world.server(server_id)
    assert server.vm_state == "error"
    assert server.fault is not None
    assert server.fault.code == 500
    return server.fault.message


def test_without_hosts_the_fault_says_what_was_asked_for(world: World) -> None:
    server_id = world.boot()
    world.settle()
    assert _fault(world, server_id) == (
        "No valid host was found. There is no host with room for 1 DISK_GB, 512 MEMORY_MB, 1 VCPU."
    )
    world.check()


def test_a_full_cloud_has_no_room(world: World) -> None:
    world.new_host(disk_gb=2)
    world.active()
    world.active()
    assert "no host with room" in _fault(world, _ended(world))
    world.check()


def _ended(world: World) -> str:
    server_id = world.boot()
    world.settle()
    return server_id


def test_a_disabled_host_gets_no_server(world: World) -> None:
    world.new_host()
    world.database.write(
        services.change, "h1", "nova-compute", world.clock.now(), is_disabled=True, disabled_reason="disk"
    )
    fault = _fault(world, _ended(world))
    assert "were refused by ComputeFilter: 1" in fault
    assert "h1" not in fault


def test_administrators_read_which_hosts_were_refused_and_why(world: World) -> None:
    world.new_host()
    world.database.write(
        services.change, "h1", "nova-compute", world.clock.now(), is_disabled=True, disabled_reason="disk"
    )
    server_id = _ended(world)
    actions = f"/v2.1/servers/{server_id}/os-instance-actions"
    request_id = world.call("compute", "GET", actions).decoded()["instanceActions"][0]["request_id"]

    def details(**options: Any) -> dict[str, Any]:
        shown = world.call("compute", "GET", f"{actions}/{request_id}", version="2.84", **options).decoded()
        return {event["event"]: event.get("details") for event in shown["instanceAction"]["events"]}

    told = details(is_admin=True)["scheduler_select_destinations"]
    assert told == "h1: ComputeFilter: its compute service is disabled (disk)"
    assert details()["scheduler_select_destinations"] is None


def test_what_a_hosts_aggregates_say_counts(tmp_path: Path) -> None:
    chosen = SchedulerSettings(enabled_filters=("AggregateInstanceExtraSpecsFilter",), image_cache_weight_multiplier=9)
    world = World(tmp_path, ComputeSettings(scheduler=chosen))
    for name in ("h1", "h2", "h3"):
        world.new_host(name)
    for name in ("h2", "h3"):
        world.database.write(_put_into, world, name, {"ssd": "true"})
    _set_spec(world, "ssd", "true")
    first = world.server(world.active()).host
    assert first == "h2"
    assert world.server(world.active()).host == first  # the image is there, and that counts more than room
    world.close()


def test_a_host_that_is_down_gets_no_server(world: World) -> None:
    world.new_host()
    world.clock.sleep(SILENT_S)
    server_id = world.boot()
    world.work()
    assert "were refused by ComputeFilter: 1" in _fault(world, server_id)


def test_a_server_goes_to_a_host_of_its_zone(world: World) -> None:
    world.new_host("h1", memory_mb=200_000)
    world.new_host("h2")

    world.database.write(_put_into, world, "h2", {"availability_zone": "east"})
    assert world.server(world.active(availability_zone="east")).host == "h2"


def _put_into(tx: Transaction, world: World, host: str, metadata: Mapping[str, str]) -> None:
    """Put a host into an aggregate of its own that says this."""
    aggregate.add(tx, f"of {host}", metadata, world.clock.now())
    found = aggregate.find_by_name(tx, f"of {host}")
    assert found is not None
    aggregate.add_host(tx, found, host)


def test_a_host_that_fails_to_build_is_taken_last_until_it_builds_again(world: World) -> None:
    better = world.new_host("h1", memory_mb=200_000)
    world.new_host("h2")
    better.broken["spawn"] = "the disk is broken"
    assert world.server(_ended(world)).vm_state == "error"
    assert world.server(world.active()).host == "h2"
    del better.broken["spawn"]
    _reach(world, "h1")
    assert world.server(world.active()).host == "h1"
    world.check()


def _reach(world: World, host: str) -> None:
    """Have a server built on this host."""
    wish = {"name": "vm", "imageRef": world.image_id, "flavorRef": "1", "availability_zone": f"nova:{host}"}
    reply = world.call("compute", "POST", "/v2.1/servers", {"server": wish}, is_admin=True)
    assert reply.status == 202, reply.body
    world.settle()


def test_a_trait_that_no_host_has_is_named(world: World) -> None:
    world.new_host()
    _set_spec(world, "trait:HW_CPU_X86_AVX2", "required")
    assert _fault(world, _ended(world)).endswith("1 VCPU and with HW_CPU_X86_AVX2.")


def test_a_trait_that_does_not_exist_ends_the_boot_at_once(world: World) -> None:
    world.new_host()
    _set_spec(world, "trait:CUSTOM_NEVER_HEARD_OF", "required")
    server_id = world.boot()
    world.work()
    assert "CUSTOM_NEVER_HEARD_OF" in _fault(world, server_id)
    world.check()


def _set_spec(world: World, key: str, value: str) -> None:
    def change(tx: Transaction) -> None:
        flavor.set_extra_specs(tx, flavor.get(tx, "1"), {key: value})

    world.database.write(change)


def test_a_claim_that_somebody_faster_won_goes_to_the_next_host(world: World) -> None:
    world.new_host("h1", disk_gb=1, memory_mb=100_000)
    world.new_host("h2", disk_gb=1)
    server_id = world.boot()
    _rob(world, "PUT", [world.provider("h1")])
    world.settle()
    assert world.server(server_id).host == "h2"
    assert world.hosts["h2"].guests == {server_id}


def test_when_others_take_all_the_room_first_there_is_no_valid_host(world: World) -> None:
    world.new_host("h1", disk_gb=1)
    world.new_host("h2", disk_gb=1)
    server_id = world.boot()
    _rob(world, "PUT", [world.provider("h1"), world.provider("h2")])
    world.settle()
    assert "no host with room" in _fault(world, server_id)


THIEF = "11111111-1111-1111-1111-11111111111"


def _rob(world: World, method: str, providers: list[str]) -> None:
    """Let somebody else have the room just before the first claim."""
    send, targets = world._transport.send, list(enumerate(providers))

    def steal(*arguments: object, **rest: object) -> object:
        if arguments[0] == method and "/allocations/" in str(arguments[1]) and targets:
            while targets:
                number, provider = targets.pop()
                world.placement.claim(f"{THIEF}{number}", {provider: {"DISK_GB": 1}}, project_id="p", user_id="u")
        return send(*arguments, **rest)  # type: ignore[arg-type]

    world._transport.send = steal  # type: ignore[method-assign,assignment]


# --- what goes wrong on the host ------------------------------------------------------------------


def test_a_guest_that_cannot_be_built_leaves_nothing_but_the_reason(world: World) -> None:
    host = world.new_host()
    host.broken["spawn"] = "The disk of the host is full."
    server_id = world.boot()
    world.settle()
    assert _fault(world, server_id) == "The disk of the host is full."
    server = world.server(server_id)
    assert (server.host, server.node, server.launched_at) == (None, None, None)
    assert host.guests == set()
    assert world.last_action(server_id)["message"] == "Error"
    world.check()


def test_a_missing_genisoimage_is_told_to_the_owner_of_the_server(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.new_host().driver.needs_config_drives = True
    monkeypatch.setenv("PATH", str(tmp_path))
    server_id = world.boot()
    world.settle()
    row = world.server(server_id)
    assert row.vm_state == "error"
    assert row.fault is not None
    assert "install the package genisoimage" in row.fault.message


def test_a_host_that_can_neither_build_nor_remove_does_not_hold_the_server_up(world: World) -> None:
    host = world.new_host()
    host.broken = dict.fromkeys(("spawn", "destroy"), "libvirt is gone")
    server_id = world.boot()
    world.work()
    assert _fault(world, server_id) == "libvirt is gone"
    world.check()


def test_an_image_that_vanished_ends_the_boot(world: World) -> None:
    world.new_host()
    server_id = world.boot()
    del world.images[world.image_id]
    world.settle()
    assert "could not be found" in _fault(world, server_id)
    world.check()


def test_a_host_that_falls_silent_before_it_is_told_ends_the_boot(world: World) -> None:
    host = world.new_host()
    host.vanish()
    server_id = world.boot()
    world.settle()
    assert _fault(world, server_id) == "The server's host does not answer."
    world.check()


def test_a_host_that_falls_silent_with_a_guest_loses_it_when_it_is_back(world: World) -> None:
    host = world.new_host()
    world.bus.disturb = lambda address, message: 0 if isinstance(message, Done) else 1
    server_id = world.boot()
    world.work()
    assert host.guests == {server_id}
    host.vanish()
    world.settle()
    assert _fault(world, server_id) == "The server's host does not answer."
    world.bus.disturb = lambda address, message: 1
    host.start_agent()
    world.repair()
    assert host.guests == set()
    world.check()


# --- messages -------------------------------------------------------------------------------------


def test_an_order_that_was_lost_is_sent_again(world: World) -> None:
    world.new_host()
    server_id = world.boot()
    world.run()
    assert len(world.bus.messages(Spawn)) == 1
    world.bus.waiting.clear()
    world.work()
    assert world.server(server_id).vm_state == "building"
    world.settle()
    assert world.server(server_id).vm_state == "active"
    world.check()


def test_an_outcome_that_was_lost_is_told_again_and_nothing_is_built_twice(world: World) -> None:
    host = world.new_host()
    lost: list[Done] = []

    def lose_first(_address: str, message: object) -> int:
        if isinstance(message, Done) and not lost:
            lost.append(message)
            return 0
        return 1

    world.bus.disturb = lose_first
    server_id = world.active()
    assert lost
    assert host.driver.guests[server_id].boots == 1
    world.check()


def test_everything_may_come_twice(world: World) -> None:
    host = world.new_host()
    world.bus.disturb = lambda _address, _message: 2
    server_id = world.active()
    assert host.driver.guests[server_id].boots == 1
    world.delete(server_id)
    world.settle()
    world.check()


def test_an_outcome_of_another_order_wakes_nobody(world: World) -> None:
    world.new_host()
    server_id = world.boot()
    world.run()
    (order,) = world.bus.messages(Spawn)
    world.bus.waiting.clear()
    said = {"host": "h1", "server_id": server_id}
    for order_id in (order.id.replace(".1.do", ".0.do"), order.id.replace(".do", ".undo"), "nonsense", "a.b.c"):
        world.receiver.receive(Failed(order_id=order_id, reason="not me", **said))
    world.work()
    assert world.server(server_id).vm_state == "building"
    world.receiver.receive(Done(order_id=order.id, power_state=1, **said))
    world.receiver.receive(Failed(order_id=order.id, reason="too late", **said))
    world.work()
    assert world.server(server_id).vm_state == "active"


def test_an_order_to_build_that_comes_behind_the_one_to_remove_builds_nothing(world: World) -> None:
    host = world.new_host()
    server_id = world.boot()
    world.run()
    late = world.bus.waiting.pop()
    world.delete(server_id)
    world.run()
    assert world.bus.messages(Destroy)
    world.bus.deliver()
    world.bus.waiting.append(late)
    world.settle()
    assert host.guests == set()
    world.check()


def test_placement_that_answers_again_after_a_while_is_waited_for(world: World) -> None:
    world.new_host()
    app = world._transport._local.pop(URLS["placement"])
    server_id = world.boot()
    world.run()
    assert world.server(server_id).vm_state == "building"
    world._transport._local[URLS["placement"]] = app
    world.settle(pause_s=1)
    assert world.server(server_id).vm_state == "active"
