from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pileus.clients.placement import ProviderInUse
from pileus.compute.db import host as hosts
from pileus.compute.db import server as servers
from pileus.compute.loops.inventory import inventories_of
from pileus.compute.model.topology import HostCell, Topology
from pileus.compute.operations import service as services
from tests.compute.host import Host
from tests.compute.world import SILENT_S, World

if TYPE_CHECKING:
    from collections.abc import Callable


def inventories(world: World, name: str = "h1") -> dict[str, Any]:
    reply = world.placement._send("GET", f"/resource_providers/{world.provider(name)}/inventories")
    return dict(reply.decoded()["inventories"])


def resize(host: Host, **resources: Any) -> None:
    host.driver._resources = replace(host.driver._resources, **resources)


def writes(world: World, act: Callable[[], object]) -> list[str]:
    """What was written to placement meanwhile."""
    world.effects.seen.clear()
    act()
    return [what.split("/")[-1] for what in world.effects.seen if "placement.test" in what]


def test_a_new_host_becomes_a_provider_with_inventory_and_traits(world: World) -> None:
    cells = (HostCell(memory_mb=2048, shared_cpus=(0, 1, 2, 3)),)
    world.new_host(vcpus=4, memory_mb=2048, disk_gb=30, topology=Topology(cells=cells))
    found = inventories(world)
    assert {name: row["total"] for name, row in found.items()} == {"VCPU": 4, "MEMORY_MB": 2048, "DISK_GB": 30}
    assert found["MEMORY_MB"]["reserved"] == 512
    assert found["VCPU"]["allocation_ratio"] == 16.0
    assert found["VCPU"]["max_unit"] == 4
    assert "COMPUTE_NODE" in world.traits("h1")


def test_nothing_is_written_when_nothing_differs(world: World) -> None:
    world.new_host()
    assert writes(world, world.sync_inventory) == []
    assert writes(world, world.beat) == []


def test_a_host_that_grows_or_shrinks_changes_its_inventory(world: World) -> None:
    host = world.new_host(memory_mb=2048)
    for memory_mb in (4096, 1024):
        resize(host, memory_mb=memory_mb)
        assert writes(world, world.beat) == ["inventories"]
        assert inventories(world)["MEMORY_MB"]["total"] == memory_mb


def test_a_host_may_shrink_below_what_its_servers_have(world: World) -> None:
    host = world.new_host(memory_mb=2048)
    world.active()
    resize(host, memory_mb=600, disk_gb=1)
    world.beat()
    assert inventories(world)["DISK_GB"]["total"] == 1
    world.check()


def test_a_disabled_host_carries_the_trait_that_says_so_until_it_is_enabled(world: World) -> None:
    world.new_host()
    for is_disabled in (True, False):
        world.database.write(
            services.change, "h1", "nova-compute", world.clock.now(), is_disabled=is_disabled, disabled_reason="x"
        )
        assert writes(world, world.sync_inventory) == ["traits"]
        assert ("COMPUTE_STATUS_DISABLED" in world.traits("h1")) is is_disabled


def test_custom_traits_that_an_operator_gave_stay(world: World) -> None:
    host = world.new_host()
    world.placement._send("PUT", "/traits/CUSTOM_GOLD")
    world.placement.set_traits(world.provider("h1"), ["COMPUTE_NODE", "CUSTOM_GOLD"])
    resize(host, traits=("HW_CPU_X86_AVX",))
    world.beat()
    assert world.traits("h1") == {"CUSTOM_GOLD", "HW_CPU_X86_AVX"}


def test_a_host_that_is_down_is_left_as_it_was(world: World) -> None:
    host = world.new_host()
    resize(host, vcpus=99)
    host.beat()
    world.bus.deliver()
    world.clock.sleep(SILENT_S)
    assert writes(world, world.sync_inventory) == []


def test_one_host_that_placement_refuses_keeps_no_other_out(world: World) -> None:
    """As two whose hypervisors have the same name."""
    world.new_host("h1")
    twin = Host(world, "h2")
    resize(twin, hypervisor_hostname="h1")
    world.hosts["h2"] = twin
    world.new_host("h3")
    assert inventories(world, "h3")["VCPU"]["total"] == 16


def test_a_tiny_host_keeps_a_little_memory_for_servers(world: World) -> None:
    world.new_host(memory_mb=100, disk_gb=0)
    with world.database.read() as tx:
        offered = inventories_of(hosts.get(tx, "h1"), world.settings)
    assert offered["MEMORY_MB"]["reserved"] == 99
    assert "DISK_GB" not in offered


def test_a_provider_that_an_earlier_life_of_the_host_left_is_replaced(world: World) -> None:
    host = world.new_host()
    left = world.provider("h1")
    world.database.write(hosts.delete, "h1")
    host.beat()
    world.bus.deliver()
    world.sync_inventory()
    assert world.provider("h1") != left
    assert inventories(world)["VCPU"]["total"] == 16
    assert writes(world, world.sync_inventory) == []


def test_a_provider_that_somebody_still_uses_is_not_replaced(world: World) -> None:
    host = world.new_host()
    left = world.provider("h1")
    world.active()
    world.database.write(hosts.delete, "h1")
    host.beat()
    world.bus.deliver()
    world.sync_inventory()
    assert world.provider("h1") == left


def test_of_two_hosts_with_one_name_neither_takes_the_others_provider(world: World) -> None:
    world.new_host("h1")
    first = world.provider("h1")
    twin = Host(world, "h2")
    resize(twin, hypervisor_hostname="h1")
    world.hosts["h2"] = twin
    for _ in range(3):
        world.beat()
    assert world.provider("h1") == first


def test_a_deleted_service_takes_its_provider_along_and_may_come_back(world: World) -> None:
    host = world.new_host()
    services.delete(world.backend, 1)
    assert world.placement.find_provider("h1") is None
    host.beat()
    world.bus.deliver()
    world.sync_inventory()
    assert inventories(world)["VCPU"]["total"] == 16


def test_a_service_is_not_deleted_under_a_server_that_is_being_built(world: World) -> None:
    world.new_host()
    server_id = world.boot()
    world.run()
    assert world.allocations() == {server_id: "h1"}
    world.database.write(servers.set_state, server_id, host=None, now=world.clock.now())
    with pytest.raises(ProviderInUse):
        services.delete(world.backend, 1)
