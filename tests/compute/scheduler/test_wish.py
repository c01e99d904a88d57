"""What flavors and images wish of a host's CPUs and memory."""

from __future__ import annotations

from typing import Any

import pytest

from pileus.compute.model.flavor import Flavor
from pileus.compute.model.guest_topology import CellWish, TopologyWish
from pileus.compute.scheduler.spec import DemandInvalid
from pileus.compute.scheduler.wish import cpu_amounts, thread_traits, topology_wish

ALL = (0, 1, 2, 3)


def flavor(**specs: str) -> Flavor:
    """A flavor of 4 CPUs; `cpu_policy` is the extra spec `hw:cpu_policy`."""
    named = {f"hw:{name.replace('__', '.')}": value for name, value in specs.items()}
    return Flavor(id="1", name="one", vcpus=4, memory_mb=4096, root_gb=1, extra_specs=named)


def cells(*, properties: dict[str, Any] | None = None, **specs: str) -> tuple[CellWish, ...]:
    found = topology_wish(flavor(**specs), properties or {})
    return () if found is None else found.cells


@pytest.mark.parametrize(
    ("specs", "properties", "amounts"),
    [
        ({}, {}, {"VCPU": 4, "PCPU": 0}),
        ({"cpu_policy": "shared"}, {}, {"VCPU": 4, "PCPU": 0}),
        ({"cpu_policy": "dedicated"}, {}, {"VCPU": 0, "PCPU": 4}),
        ({}, {"hw_cpu_policy": "dedicated"}, {"VCPU": 0, "PCPU": 4}),
        ({"cpu_policy": "dedicated", "emulator_threads_policy": "isolate"}, {}, {"VCPU": 0, "PCPU": 5}),
        ({"cpu_policy": "mixed", "cpu_dedicated_mask": "0-2,^1"}, {}, {"VCPU": 2, "PCPU": 2}),
        ({"cpu_policy": "mixed", "cpu_dedicated_mask": "^0"}, {}, {"VCPU": 1, "PCPU": 3}),
        ({"emulator_threads_policy": "share"}, {}, {"VCPU": 4, "PCPU": 0}),
    ],
)
def test_cpus_are_shared_or_the_guests_own(
    specs: dict[str, str], properties: dict[str, Any], amounts: dict[str, int]
) -> None:
    assert cpu_amounts(flavor(**specs), properties) == amounts


def test_the_policy_for_threads_is_a_trait() -> None:
    assert thread_traits(flavor(cpu_thread_policy="require"), {}) == {"HW_CPU_HYPERTHREADING": "required"}
    assert thread_traits(flavor(), {"hw_cpu_thread_policy": "isolate"}) == {"HW_CPU_HYPERTHREADING": "forbidden"}
    assert thread_traits(flavor(cpu_thread_policy="prefer"), {}) == {}


def test_who_names_no_part_of_a_machine_wishes_none() -> None:
    assert topology_wish(flavor(), {}) is None
    assert topology_wish(flavor(cpu_policy="shared", emulator_threads_policy="share"), {}) is None


def test_cpus_of_ones_own_are_in_one_cell() -> None:
    assert topology_wish(flavor(cpu_policy="dedicated"), {}) == TopologyWish(
        cells=(CellWish(cpus=ALL, dedicated_cpus=ALL, memory_mb=4096),)
    )
    assert cells(cpu_policy="mixed", cpu_dedicated_mask="1-2")[0].dedicated_cpus == (1, 2)


def test_amounts_of_pcpu_are_cpus_of_ones_own() -> None:
    named = Flavor(id="1", name="one", vcpus=2, memory_mb=64, root_gb=1, extra_specs={"resources:PCPU": "2"})
    found = topology_wish(named, {})
    assert found is not None
    assert found.cells == (CellWish(cpus=(0, 1), dedicated_cpus=(0, 1), memory_mb=64),)


def test_the_hypervisors_work_is_done_where_the_flavor_says() -> None:
    isolated = topology_wish(flavor(cpu_policy="dedicated", emulator_threads_policy="isolate"), {})
    shared = topology_wish(flavor(cpu_policy="dedicated", emulator_threads_policy="share"), {})
    assert isolated is not None
    assert shared is not None
    assert (isolated.has_own_emulator_cpu, isolated.shares_emulator_cpus) == (True, False)
    assert (shared.has_own_emulator_cpu, shared.shares_emulator_cpus) == (False, True)


def test_numa_cells_are_equal_parts_unless_they_are_named() -> None:
    two = CellWish(cpus=(0, 1), memory_mb=2048), CellWish(cpus=(2, 3), memory_mb=2048)
    assert cells(numa_nodes="2") == two
    assert cells(properties={"hw_numa_nodes": 1}) == (CellWish(cpus=ALL, memory_mb=4096),)
    assert cells(numa_nodes="2", numa_cpus__0="0", numa_cpus__1="1-3", numa_mem__0="1024", numa_mem__1="3072") == (
        CellWish(cpus=(0,), memory_mb=1024), CellWish(cpus=(1, 2, 3), memory_mb=3072),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("of_flavor", "of_image", "wished"),
    [
        ("small", None, "small"), ("2048", None, "2048"), ("2MB", None, "2048"), ("1G", None, "1048576"),
        ("2048KB", None, "2048"), ("16384Kb", None, "2048"), ("large", "2MB", "2048"), ("any", "small", "small"),
    ],
)  # fmt: skip
def test_an_image_chooses_a_size_of_pages_where_its_flavor_lets_it(
    of_flavor: str, of_image: str | None, wished: str
) -> None:
    properties = {"hw_mem_page_size": of_image} if of_image else {}
    found = topology_wish(flavor(mem_page_size=of_flavor), properties)
    assert found is not None
    assert (found.page_size, len(found.cells)) == (wished, 1)


DEDICATED = {"cpu_policy": "dedicated"}
NAMED = {"numa_nodes": "2", "numa_mem__0": "2048", "numa_mem__1": "2048"}
REFUSED: list[tuple[dict[str, str], dict[str, Any], str]] = [
    ({"cpu_policy": "mixed", "cpu_dedicated_mask": "some"}, {}, "mask of dedicated CPUs is not understood: some"),
    ({"cpu_policy": "mixed", "cpu_dedicated_mask": "0-3"}, {}, "at least 1 pinned vCPU and 1 unpinned vCPU"),
    ({"cpu_policy": "mixed"}, {}, "at least 1 pinned vCPU"),
    ({**DEDICATED, "cpu_dedicated_mask": "0"}, {}, "without the 'mixed' policy"),
    ({"cpu_policy": "own"}, {}, "CPU policy requested from 'flavor extra specs' is invalid, given: 'own'"),
    ({}, {"hw_cpu_policy": "own"}, "CPU policy requested from 'image properties' is invalid"),
    ({"cpu_policy": "shared"}, {"hw_cpu_policy": "dedicated"}, "'hw_cpu_policy' is not permitted to override"),
    ({"cpu_thread_policy": "prefer"}, {}, "Cannot set cpu thread pinning policy in a non dedicated"),
    (
        {**DEDICATED, "cpu_thread_policy": "require"},
        {"hw_cpu_thread_policy": "isolate"},
        "'hw_cpu_thread_policy' is not",
    ),
    ({"emulator_threads_policy": "isolate"}, {}, "requires a dedicated CPU policy"),
    ({**DEDICATED, "emulator_threads_policy": "many"}, {}, "CPU emulator threads option requested is invalid"),
    ({"numa_nodes": "5"}, {}, "cannot be evenly distributed"),
    ({"numa_nodes": "0"}, {}, "It must be a number greater than 0"),
    ({"numa_nodes": "2", "numa_mem__0": "1024"}, {}, "must be provided for all NUMA nodes"),
    ({**NAMED, "numa_cpus__0": "0-1", "numa_cpus__1": "2-4"}, {}, "CPU number 4 is larger than max 3"),
    ({**NAMED, "numa_cpus__0": "0-2", "numa_cpus__1": "2-3"}, {}, "CPU number 2 is assigned to two nodes"),
    ({**NAMED, "numa_cpus__0": "0-1", "numa_cpus__1": "2"}, {}, "is not assigned to any node"),
    ({**NAMED, "numa_cpus__0": "0-1", "numa_cpus__1": "2-3", "numa_mem__1": "1"}, {}, "2049 MB of memory assigned"),
    ({"numa_nodes": "2"}, {"hw_numa_nodes": "1"}, "'hw_numa_nodes' is not permitted to override NUMA"),
    (
        {},
        {"hw_numa_nodes": "1", "hw_numa_cpus.0": "0-99999999999", "hw_numa_mem.0": "4096"},
        "The NUMA cells are not understood",
    ),
    ({"mem_page_size": "huge"}, {}, "Invalid memory page size 'huge'"),
    ({}, {"hw_mem_page_size": "large"}, "Page size large forbidden against '<empty>'"),
    ({"mem_page_size": "small"}, {"hw_mem_page_size": "large"}, "Page size large forbidden against 'small'"),
]


@pytest.mark.parametrize(("specs", "properties", "why"), REFUSED)
def test_what_contradicts_itself_is_refused(specs: dict[str, str], properties: dict[str, Any], why: str) -> None:
    with pytest.raises(DemandInvalid, match=why):
        topology_wish(flavor(**specs), properties)
