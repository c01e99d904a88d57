from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pileus.compute.model.flavor import Flavor
from pileus.compute.model.topology import Cell
from pileus.compute.scheduler import demand
from pileus.compute.settings import PciAlias


def flavor(**specs: str) -> Flavor:
    """A flavor of 4 CPUs; `cpu_policy` is the extra spec `hw:cpu_policy`."""
    named = {f"hw:{name.replace('__', '.')}": value for name, value in specs.items()}
    return Flavor(id="1", name="one", vcpus=4, memory_mb=4096, root_gb=1, extra_specs=named)


@pytest.mark.parametrize(
    ("specs", "properties", "amounts"),
    [
        ({}, {}, {"VCPU": 4, "PCPU": 0}),
        ({"cpu_policy": "shared"}, {}, {"VCPU": 4, "PCPU": 0}),
        ({"cpu_policy": "dedicated"}, {}, {"VCPU": 0, "PCPU": 4}),
        ({}, {"hw_cpu_policy": "dedicated"}, {"VCPU": 0, "PCPU": 4}),
        ({"cpu_policy": "dedicated", "emulator_threads_policy": "isolate"}, {}, {"VCPU": 0, "PCPU": 5}),
        ({"emulator_threads_policy": "isolate"}, {}, {"VCPU": 4, "PCPU": 0}),
        ({"cpu_policy": "mixed", "cpu_dedicated_mask": "0-2,^1"}, {}, {"VCPU": 2, "PCPU": 2}),
    ],
)
def test_cpus_are_shared_or_the_guests_own(
    specs: dict[str, str], properties: dict[str, Any], amounts: dict[str, int]
) -> None:
    assert demand.cpu_amounts(flavor(**specs), properties) == amounts


def test_a_mask_that_is_no_list_of_cpus_finds_no_host() -> None:
    with pytest.raises(demand.DemandInvalid, match="mask of dedicated CPUs is not understood: some"):
        demand.cpu_amounts(flavor(cpu_policy="mixed", cpu_dedicated_mask="some"), {})


def test_the_policy_for_threads_is_a_trait() -> None:
    assert demand.thread_traits(flavor(cpu_thread_policy="require"), {}) == {"HW_CPU_HYPERTHREADING": "required"}
    assert demand.thread_traits(flavor(), {"hw_cpu_thread_policy": "isolate"}) == {"HW_CPU_HYPERTHREADING": "forbidden"}
    assert demand.thread_traits(flavor(cpu_thread_policy="prefer"), {}) == {}


def test_numa_cells_are_equal_parts_unless_they_are_named() -> None:
    assert demand.cells(flavor(), {}) == ()
    assert demand.cells(flavor(numa_nodes="2"), {}) == (Cell(cpus=2, memory_mb=2048),) * 2
    assert demand.cells(flavor(), {"hw_numa_nodes": 1}) == (Cell(cpus=4, memory_mb=4096),)
    named = flavor(numa_nodes="2", numa_cpus__0="0", numa_cpus__1="1-3", numa_mem__0="1024", numa_mem__1="3072")
    assert demand.cells(named, {}) == (Cell(cpus=1, memory_mb=1024), Cell(cpus=3, memory_mb=3072))


@pytest.mark.parametrize(
    "specs", [{"numa_nodes": "5"}, {"numa_nodes": "0"}, {"numa_nodes": "2", "numa_mem__0": "1024"}]
)
def test_numa_cells_that_cannot_be_find_no_host(specs: dict[str, str]) -> None:
    with pytest.raises(demand.DemandInvalid):
        demand.cells(flavor(**specs), {})


def test_devices_are_asked_for_by_their_alias() -> None:
    aliases = [PciAlias(name="nic", vendor_id="8086", product_id="1533")]

    def wanted(text: str) -> dict[str, int]:
        return demand.pci_amounts(replace(flavor(), extra_specs={"pci_passthrough:alias": text}), aliases)

    assert wanted("nic:2") == {"CUSTOM_PCI_8086_1533": 2}
    assert wanted("nic, nic:1") == {"CUSTOM_PCI_8086_1533": 2}
    with pytest.raises(demand.DemandInvalid, match="PCI alias gpu is not defined"):
        wanted("gpu:1")
