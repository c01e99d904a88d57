"""Where servers go that want more of a host than an amount of it, and how placement is asked in a large cloud."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pileus.compute.model.topology import HostCell, Topology
from pileus.compute.operations import service as services
from pileus.compute.settings import PciAlias, PciSettings, SchedulerSettings
from pileus.compute.settings import Settings as ComputeSettings
from tests.compute.parts import extra_specs as set_extra_specs
from tests.compute.world import World

NIC = "CUSTOM_PCI_8086_1533"
PINNABLE = Topology(cells=(HostCell(memory_mb=4096, shared_cpus=(0, 1), dedicated_cpus=(2, 3)),))
MACHINE = ("NUMATopologyFilter", "PciPassthroughFilter", "ComputeFilter")


@contextmanager
def new_world(path: Path, *, pci: PciSettings | None = None, **chosen: Any) -> Iterator[World]:
    made = World(path, ComputeSettings(scheduler=SchedulerSettings(**chosen), pci=pci or PciSettings()))
    try:
        yield made
    finally:
        made.close()


def extra_specs(world: World, **specs: str) -> None:
    """Have the flavor that servers are made of demand this."""
    set_extra_specs(world, "1", **specs)


def fault(world: World, **more: Any) -> str:
    server_id = world.boot(**more)
    world.settle()
    server = world.server(server_id)
    assert server.fault is not None
    return server.fault.message


def refusal(world: World) -> str:
    """Why a server is not even begun."""
    body = {"server": {"name": "vm", "imageRef": world.image_id, "flavorRef": "1"}}
    reply = world.call("compute", "POST", "/v2.1/servers", body)
    assert reply.status == 400, reply.body
    return str(reply.decoded()["badRequest"]["message"])


def held(world: World, server_id: str) -> Mapping[str, int]:
    (amounts,) = world.placement.allocations(server_id)[0].values()
    return amounts


def aggregate(world: World, name: str, *hosts: str, zone: str | None = None, **metadata: str) -> None:
    """Make an aggregate as an administrator does."""

    def call(path: str, body: Mapping[str, Any]) -> Any:
        reply = world.call("compute", "POST", f"/v2.1/os-aggregates{path}", body, is_admin=True)
        assert reply.status == 200, reply.body
        return reply.decoded()["aggregate"]

    number = call("", {"aggregate": {"name": name, "availability_zone": zone}})["id"]
    if metadata:
        call(f"/{number}/action", {"set_metadata": {"metadata": metadata}})
    for host in hosts:
        call(f"/{number}/action", {"add_host": {"host": host}})


# --- parts of a machine ---------------------------------------------------------------------------


def test_pinned_cpus_are_the_hosts_dedicated_ones_and_never_promised_twice(tmp_path: Path) -> None:
    with new_world(tmp_path) as world:
        world.new_host(topology=PINNABLE, vcpus=4)
        shared = world.active()
        extra_specs(world, hw__cpu_policy="dedicated")
        pinned = [world.active() for _ in range(2)]
        assert "PCPU" not in held(world, shared)
        assert [held(world, one) for one in pinned] == [{"PCPU": 1, "MEMORY_MB": 512, "DISK_GB": 1}] * 2
        assert "no host with room for 1 DISK_GB, 512 MEMORY_MB, 1 PCPU" in fault(world)


def test_what_is_not_dedicated_is_shared_at_the_ratio(tmp_path: Path) -> None:
    with new_world(tmp_path) as world:
        world.new_host(topology=PINNABLE, vcpus=4)
        path = f"/resource_providers/{world.provider('h1')}/inventories"
        found = world.placement._send("GET", path).decoded()["inventories"]
        assert (found["VCPU"]["total"], found["VCPU"]["allocation_ratio"]) == (2, 16.0)
        assert (found["PCPU"]["total"], found["PCPU"]["allocation_ratio"]) == (2, 1.0)


def test_a_guest_with_numa_cells_goes_where_they_fit(tmp_path: Path) -> None:
    with new_world(tmp_path, enabled_filters=MACHINE) as world:
        world.new_host("h1", topology=Topology(cells=(HostCell(memory_mb=256, shared_cpus=(0,)),)))
        world.new_host("h2", topology=Topology(cells=(HostCell(memory_mb=2048, shared_cpus=(0,)),)))
        extra_specs(world, hw__numa_nodes="1")
        assert {world.server(world.active()).host for _ in range(3)} == {"h2"}
        extra_specs(world, hw__numa_nodes="2")
        assert refusal(world).startswith("Instance CPUs and/or memory cannot be evenly distributed")


def test_devices_are_taken_one_by_one_and_hosts_without_are_taken_first_by_others(tmp_path: Path) -> None:
    alias = PciSettings(alias=(PciAlias(name="nic", vendor_id="8086", product_id="1533"),))
    with new_world(tmp_path, pci=alias, enabled_filters=MACHINE, pci_weight_multiplier=100.0) as world:
        world.new_host("h1", topology=Topology(pci_devices={NIC: 2}))
        world.new_host("h2")
        assert {world.server(world.active()).host for _ in range(3)} == {"h2"}
        extra_specs(world, pci_passthrough__alias="nic:1")
        with_nic = [world.active() for _ in range(2)]
        assert {world.server(one).host for one in with_nic} == {"h1"}
        assert all(held(world, one)[NIC] == 1 for one in with_nic)
        assert f"no host with room for 1 {NIC}" in fault(world)
        extra_specs(world, pci_passthrough__alias="gpu:1")
        assert refusal(world) == "PCI alias gpu is not defined"


def test_a_hint_keeps_a_server_near_an_address(tmp_path: Path) -> None:
    with new_world(tmp_path, enabled_filters=("SimpleCIDRAffinityFilter",)) as world:
        world.new_host("h1", address="10.0.1.5")
        world.new_host("h2", address="10.0.2.5")
        hints = {"build_near_host_ip": "10.0.2.200", "cidr": "/24"}
        body = {"name": "vm", "imageRef": world.image_id, "flavorRef": "1"}
        reply = world.call("compute", "POST", "/v2.1/servers", {"server": body, "os:scheduler_hints": hints})
        world.settle()
        assert world.server(reply.decoded()["server"]["id"]).host == "h2"


# --- another image where a server is already -------------------------------------------------------


def rebuilt(world: World, server_id: str, **properties: str) -> str | None:
    """What the action of a rebuild of an image with these properties says in the end."""
    world.done(server_id, "rebuild", {"imageRef": world.new_image(**properties)})
    message: str | None = world.last_action(server_id)["message"]
    return message


def test_a_rebuild_does_not_bring_an_image_where_it_may_not_be(tmp_path: Path) -> None:
    with new_world(tmp_path, enabled_filters=("AggregateImagePropertiesIsolation",)) as world:
        world.new_host("h1")
        aggregate(world, "licensed", "h1", os_distro="debian")
        server_id = world.active()
        assert rebuilt(world, server_id, os_distro="debian") is None
        chosen = world.server(server_id).image
        assert rebuilt(world, server_id, os_distro="windows") == "Error"
        assert (world.server(server_id).status, world.server(server_id).image) == ("ACTIVE", chosen)
        assert "h1: AggregateImagePropertiesIsolation: " in refusal_of(world, server_id)
        world.check()


def test_a_rebuild_minds_the_traits_that_an_image_requires(tmp_path: Path) -> None:
    with new_world(tmp_path) as world:
        world.new_host("h1")
        server_id = world.active()
        assert rebuilt(world, server_id, **{"trait:CUSTOM_FAST": "required"}) == "Error"
        assert refusal_of(world, server_id) == "h1: Placement: it lacks CUSTOM_FAST"
        assert world.server(server_id).status == "ACTIVE"


def test_a_rebuild_does_not_change_which_cpus_a_server_has(tmp_path: Path) -> None:
    with new_world(tmp_path) as world:
        world.new_host("h1")
        server_id = world.active()
        reply = world.act(server_id, "rebuild", {"imageRef": world.new_image(hw_cpu_policy="dedicated")})
        assert (reply.status, sorted(held(world, server_id))) == (400, ["DISK_GB", "MEMORY_MB", "VCPU"])


def refusal_of(world: World, server_id: str) -> str:
    """What administrators read of why no host would do, of what was done last."""
    request_id = world.last_action(server_id)["request_id"]
    path = f"/v2.1/servers/{server_id}/os-instance-actions/{request_id}"
    found = world.call("compute", "GET", path, is_admin=True, version="2.84").decoded()["instanceAction"]["events"]
    return next(str(event["details"]) for event in found if event["event"] == "scheduler_select_destinations")


# --- a large cloud --------------------------------------------------------------------------------


def test_placement_is_asked_for_the_zone_in_a_cloud_larger_than_the_limit(tmp_path: Path) -> None:
    with new_world(tmp_path, max_placement_results=1) as world:
        for name in ("h1", "h2", "h3"):
            world.new_host(name)
        aggregate(world, "racks", "h3", zone="east")
        assert world.server(world.active(availability_zone="east")).host == "h3"
        assert {world.server(world.active(availability_zone="nova")).host for _ in range(4)} <= {"h1", "h2"}


def test_a_limit_hides_no_host_behind_others_that_will_not_do(tmp_path: Path) -> None:
    with new_world(tmp_path, max_placement_results=1, enabled_filters=("IsolatedHostsFilter",),
                   isolated_hosts=("h1", "h2", "h4", "h5")) as world:  # fmt: skip
        for name in ("h1", "h2", "h3", "h4", "h5"):
            world.new_host(name)
        assert {world.server(world.active()).host for _ in range(4)} == {"h3"}


def test_in_a_small_cloud_it_is_counted_how_many_hosts_are_in_other_zones(tmp_path: Path) -> None:
    with new_world(tmp_path) as world:
        for name in ("h1", "h2", "h3"):
            world.new_host(name)
        aggregate(world, "racks", "h3", zone="east")
        now = world.clock.now()
        world.database.write(services.change, "h3", "nova-compute", now, is_disabled=True, disabled_reason="new disk")
        assert fault(world, availability_zone="east").endswith(
            "were refused by AvailabilityZoneFilter: 2, ComputeFilter: 1."
        )


def test_projects_and_traits_keep_to_their_aggregates(tmp_path: Path) -> None:
    chosen: dict[str, Any] = {"limit_tenants_to_placement_aggregate": True, "enable_isolated_aggregate_filtering": True}
    with new_world(tmp_path, **chosen) as world:
        for name in ("h1", "h2", "h3"):
            world.new_host(name)
        world.placement._send("PUT", "/traits/CUSTOM_LICENSED")
        aggregate(world, "licensed", "h1", **{"trait:CUSTOM_LICENSED": "required"})
        assert "h1" not in {world.server(world.active()).host for _ in range(4)}
        project = world.server(world.active()).project_id
        aggregate(world, "own", "h3", filter_tenant_id=project)
        assert {world.server(world.active()).host for _ in range(3)} == {"h3"}


def test_the_first_host_may_be_any_of_the_best_few(tmp_path: Path) -> None:
    with new_world(tmp_path, host_subset_size=3, ram_weight_multiplier=100.0) as world:
        for number, name in enumerate(("h1", "h2", "h3", "h4")):
            world.new_host(name, memory_mb=65536 if number else 4096)
        assert {world.server(world.active()).host for _ in range(20)} == {"h2", "h3", "h4"}


@pytest.mark.parametrize(("is_shuffled", "hosts"), [(False, {"h1"}), (True, {"h1", "h2"})])
def test_of_hosts_that_are_equally_good_the_first_is_taken_or_any(
    tmp_path: Path, is_shuffled: bool, hosts: set[str]
) -> None:
    multipliers = dict.fromkeys(("ram", "cpu", "disk", "io_ops", "build_failure"), 0.0)
    chosen: dict[str, Any] = {f"{name}_weight_multiplier": value for name, value in multipliers.items()}
    with new_world(tmp_path, shuffle_best_same_weighed_hosts=is_shuffled, **chosen) as world:
        world.new_host("h1")
        world.new_host("h2")
        world.new_host("h3", hypervisor_version=1)
        assert {world.server(world.active()).host for _ in range(12)} == hosts
