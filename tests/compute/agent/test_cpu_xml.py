"""Which of the host's processors and memory a guest runs on, as libvirt is told."""

from __future__ import annotations

import uuid
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pileus.compute.agent.drivers.libvirt.cpu_xml import add_processors
from pileus.compute.messages import GuestSpec, Hardware
from pileus.compute.model.guest_topology import GuestCell, GuestTopology

GUEST = GuestSpec(
    server_id=str(uuid.UUID(int=7)), name="g", hostname="g", vcpus=3, memory_mb=512, root_gb=1, project_id="p",
    user_id="u", flavor_name="m1",
)  # fmt: skip
PINNED = GuestCell(host_cell=1, cpus=(0, 1), pins={0: 6, 1: 7}, shared_cpus=(4, 5), memory_mb=256)
FLOATING = GuestCell(host_cell=0, cpus=(2,), shared_cpus=(0, 1), memory_mb=256)


def domain(*cells: GuestCell, shared_cpus: Sequence[int] = (), **more: Any) -> ET.Element:
    topology = GuestTopology(cells=cells, shares_emulator_cpus=more.pop("shares", False)) if cells else None
    root = ET.Element("domain")
    add_processors(root, replace(GUEST, topology=topology, **more), shared_cpus, kvm=False)
    return root


def pins(root: ET.Element) -> dict[str | None, str | None]:
    return {pin.get("vcpu"): pin.get("cpuset") for pin in root.iterfind("cputune/vcpupin")}


def emulator(root: ET.Element) -> str | None:
    found = root.find("cputune/emulatorpin")
    return None if found is None else found.get("cpuset")


def test_a_guest_without_parts_of_its_own_runs_where_all_do() -> None:
    root = domain()
    assert (root.findtext("vcpu"), root.find("cputune"), root.find("numatune"), root.find("cpu/numa")) == (
        "3", None, None, None
    )  # fmt: skip
    count = domain(shared_cpus=(0, 1)).find("vcpu")
    assert count is not None
    assert count.get("cpuset") == "0,1"


def test_each_cpu_of_its_own_is_pinned_and_the_others_to_their_cells_shared_ones() -> None:
    root = domain(PINNED, FLOATING, shared_cpus=(0, 1, 4, 5))
    assert pins(root) == {"0": "6", "1": "7", "2": "0,1"}
    assert emulator(root) == "0,1,6,7"
    count = root.find("vcpu")
    assert count is not None
    assert count.get("cpuset") is None


def test_the_hypervisors_own_work_is_done_where_it_was_asked_for() -> None:
    assert emulator(domain(replace(PINNED, emulator_cpus=(3,)))) == "3"
    assert emulator(domain(PINNED, shared_cpus=(4,), shares=True)) == "4"
    assert emulator(domain(PINNED, shares=True)) == "6,7"


def test_each_cell_of_a_guest_has_the_memory_of_one_of_the_hosts() -> None:
    root = domain(PINNED, FLOATING)
    memory = root.find("numatune/memory")
    assert memory is not None
    assert memory.attrib == {"mode": "strict", "nodeset": "0,1"}
    assert [node.attrib for node in root.iterfind("numatune/memnode")] == [
        {"cellid": "0", "mode": "strict", "nodeset": "1"}, {"cellid": "1", "mode": "strict", "nodeset": "0"}
    ]  # fmt: skip
    assert [cell.attrib for cell in root.iterfind("cpu/numa/cell")] == [
        {"id": "0", "cpus": "0,1", "memory": "256", "unit": "MiB"},
        {"id": "1", "cpus": "2", "memory": "256", "unit": "MiB"},
    ]
    assert root.find("memoryBacking") is None


def test_large_pages_are_asked_for_cell_by_cell() -> None:
    root = domain(replace(PINNED, page_kib=4), replace(FLOATING, page_kib=2048))
    assert [page.attrib for page in root.iterfind("memoryBacking/hugepages/page")] == [
        {"size": "2048", "unit": "KiB", "nodeset": "1"}
    ]
    assert domain(replace(PINNED, page_kib=4)).find("memoryBacking") is None


def test_a_guest_gets_no_more_of_the_processors_time_than_its_flavor_says() -> None:
    quota = {"cpu_shares": 512, "cpu_period": 20000, "cpu_quota": 10000, "disk_read_bytes_sec": 1}
    tuning = domain(hardware=Hardware(quota=quota)).find("cputune")
    assert tuning is not None
    assert [(one.tag, one.text) for one in tuning] == [("shares", "512"), ("period", "20000"), ("quota", "10000")]
