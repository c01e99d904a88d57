from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pileus.compute.model.guest_topology import CellWish, GuestCell, GuestTopology, TopologyWish
from pileus.compute.model.topology import HostCell, Topology
from pileus.compute.scheduler.ask import Ask, HostView
from pileus.compute.scheduler.filter.machine import numa_topology, pci_passthrough, simple_cidr_affinity

ASK = Ask(server_id="s", project_id="p", resources={"VCPU": 2, "CUSTOM_PCI_8086_1533": 2})
CELL = HostCell(memory_mb=4096, shared_cpus=(0, 1, 2, 3), dedicated_cpus=(4,))
WISH = CellWish(cpus=(0, 1, 2, 3), memory_mb=4096)
HOST = HostView(
    host="h1", provider="p1", zone="nova", is_up=True, is_enabled=True, address="10.0.7.4",
    topology=Topology(cells=(CELL, replace(CELL, id=1))), free={"CUSTOM_PCI_8086_1533": 1},
)  # fmt: skip


def test_numa_cells_must_fit_into_those_of_the_host() -> None:
    two, three = (replace(ASK, wish=TopologyWish(cells=(WISH,) * count)) for count in (2, 3))
    assert numa_topology(two, HOST) is None
    assert numa_topology(three, HOST) == (
        "its NUMA cells, less what others hold of them, do not hold the guest's: "
        "4 CPUs, 1 dedicated and 4096 MB, 4 CPUs, 1 dedicated and 4096 MB"
    )
    assert numa_topology(two, replace(HOST, topology=Topology())) == (
        "its NUMA cells, less what others hold of them, do not hold the guest's: it has none"
    )
    assert numa_topology(ASK, replace(HOST, topology=Topology())) is None


def test_what_others_hold_of_a_host_is_not_there() -> None:
    pinned = TopologyWish(cells=(CellWish(cpus=(0,), dedicated_cpus=(0,), memory_mb=1),))
    held = [GuestTopology(cells=(GuestCell(host_cell=cell, cpus=(0,), pins={0: 4}, memory_mb=1),)) for cell in (0, 1)]
    assert numa_topology(replace(ASK, wish=pinned, held={"h1": held[:1]}), HOST) is None
    assert numa_topology(replace(ASK, wish=pinned, held={"h1": held}), HOST) is not None
    assert numa_topology(replace(ASK, wish=pinned, held={"h2": held}), HOST) is None


def test_devices_must_be_left() -> None:
    assert pci_passthrough(ASK, HOST) == "it has 1 CUSTOM_PCI_8086_1533 left"
    assert pci_passthrough(ASK, replace(HOST, free={"CUSTOM_PCI_8086_1533": 2})) is None
    assert pci_passthrough(replace(ASK, resources={"VCPU": 1}), replace(HOST, free={})) is None


@pytest.mark.parametrize(
    ("hints", "reason"),
    [
        ({}, None),
        ({"cidr": "/32"}, None),
        ({"build_near_host_ip": "10.0.7.200"}, None),
        ({"build_near_host_ip": "10.0.7.200", "cidr": "/32"}, "its address is 10.0.7.4, not in 10.0.7.200/32"),
        ({"build_near_host_ip": ["10.0.0.1"], "cidr": ["16"]}, None),
        ({"build_near_host_ip": "10.0.8.1"}, "its address is 10.0.7.4, not in 10.0.8.0/24"),
        ({"build_near_host_ip": "near"}, "the hints build_near_host_ip and cidr are no network"),
        ({"build_near_host_ip": "10.0.8.1", "cidr": "/99"}, "the hints build_near_host_ip and cidr are no network"),
    ],
)
def test_a_host_must_be_near_the_address_of_the_hint(hints: dict[str, Any], reason: str | None) -> None:
    assert simple_cidr_affinity(replace(ASK, hints=hints), HOST) == reason


def test_a_host_that_tells_no_address_is_near_nothing() -> None:
    ask = replace(ASK, hints={"build_near_host_ip": "10.0.7.200"})
    assert simple_cidr_affinity(ask, replace(HOST, address="")) == "its address is not known"
    odd = replace(HOST, address="host.example")
    assert simple_cidr_affinity(ask, odd) == "its address is host.example, not in 10.0.7.0/24"
