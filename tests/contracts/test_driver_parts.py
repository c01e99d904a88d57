"""Parts of this machine for one guest, and the disks of one that goes to another host: on libvirt, for real."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pileus.compute.agent.drivers.libvirt.cells import CpuSets
from pileus.compute.agent.image_format import require_safe
from pileus.compute.messages import GuestDisk, GuestSpec, Hardware
from pileus.compute.model.guest_topology import CellWish, GuestCell, GuestTopology, TopologyWish, fit
from tests.contracts.driver_bench import Bench, guest_spec
from tests.contracts.host_cpus import CPUS, processors, threads
from tests.lacking import skip_outside_ci

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import libvirt

    NewBench = Callable[..., Bench]

pytestmark = [pytest.mark.real, pytest.mark.long]


@pytest.fixture
def parted(new_libvirt_bench: NewBench) -> Bench:
    """A host whose last CPU is for one guest at a time."""
    if len(CPUS) < 2:
        skip_outside_ci("this machine has one CPU")
    return new_libvirt_bench(cpu_sets=CpuSets(shared=str(CPUS[0]), dedicated=str(CPUS[-1])))


def got(bench: Bench, *cells: CellWish, page_size: str = "") -> GuestTopology:
    found = fit(bench.driver.resources().topology, (), TopologyWish(cells=cells, page_size=page_size))
    assert found is not None
    return found


def test_a_host_tells_its_cells_and_whom_their_cpus_are_for(parted: Bench) -> None:
    topology = parted.driver.resources().topology
    assert {cpu for cell in topology.cells for cpu in cell.shared_cpus} == {CPUS[0]}
    assert {cpu for cell in topology.cells for cpu in cell.dedicated_cpus} == {CPUS[-1]}
    assert 0 < sum(cell.memory_mb for cell in topology.cells) <= parted.driver.resources().memory_mb


def test_a_guest_has_a_cpu_for_itself_through_all_that_is_done_to_it(parted: Bench) -> None:
    topology = got(parted, CellWish(cpus=(0,), dedicated_cpus=(0,), memory_mb=32))
    server_id = parted.spawn(topology=topology)
    assert processors(server_id) == [str(CPUS[-1])]
    parted.driver.reboot(server_id, hard=True, timeout_s=0)
    parted.driver.suspend(server_id)
    parted.driver.resume(server_id)
    assert processors(server_id) == [str(CPUS[-1])]
    parted.driver.set_aside(server_id, None)
    parted.driver.bring_back(server_id)
    assert processors(server_id) == [str(CPUS[-1])]


def test_other_guests_keep_off_it(parted: Bench) -> None:
    server_id = parted.spawn(vcpus=2)
    assert set(threads(server_id).values()) == {str(CPUS[0])}


def test_some_of_a_guests_cpus_are_its_own_and_the_others_shared(parted: Bench) -> None:
    topology = got(parted, CellWish(cpus=(0, 1), dedicated_cpus=(1,), memory_mb=32), page_size="small")
    server_id = parted.spawn(vcpus=2, topology=topology)
    assert processors(server_id) == [str(CPUS[0]), str(CPUS[-1])]


def test_libvirt_takes_large_pages_and_several_cells_as_they_are_written(
    parted: Bench, connection: libvirt.virConnect
) -> None:
    """The guest is not started: there may be neither here."""
    cells = (
        GuestCell(host_cell=0, cpus=(0, 1), pins={0: CPUS[-1]}, shared_cpus=(CPUS[0],), memory_mb=32, page_kib=2048),
        GuestCell(host_cell=0, cpus=(2, 3), shared_cpus=(CPUS[0],), memory_mb=64),
    )
    guest = guest_spec(vcpus=4, memory_mb=96, topology=GuestTopology(cells=cells))
    parted.driver.spawn(guest, parted.base, parted.base_format, None, is_running=False)
    domain = ET.fromstring(connection.lookupByUUIDString(guest.server_id).XMLDesc())  # noqa: S314 - libvirt wrote it
    assert [page.attrib for page in domain.iterfind("memoryBacking/hugepages/page")] == [
        {"size": "2048", "unit": "KiB", "nodeset": "0"}
    ]
    assert [(cell.get("cpus"), cell.get("memory")) for cell in domain.iterfind("cpu/numa/cell")] == [
        ("0-1", str(32 << 10)), ("2-3", str(64 << 10))
    ]  # fmt: skip
    assert len(domain.findall("numatune/memnode")) == 2


def test_limits_on_processors_and_disks_are_in_force(
    new_libvirt_bench: NewBench, connection: libvirt.virConnect
) -> None:
    quota = {"cpu_shares": 512, "cpu_period": 20000, "cpu_quota": 15000, "disk_total_iops_sec": 500}
    server_id = new_libvirt_bench().spawn(hardware=Hardware(quota=quota))
    domain = connection.lookupByUUIDString(server_id)
    assert domain.blockIoTune("vda")["total_iops_sec"] == 500
    found = domain.schedulerParameters()
    assert (found["cpu_shares"], found["vcpu_period"], found["vcpu_quota"]) == (512, 20000, 15000)


def test_ephemeral_disks_go_to_another_host(new_libvirt_bench: NewBench) -> None:
    source, dest = new_libvirt_bench(), new_libvirt_bench(name="other")
    guest: GuestSpec = guest_spec(
        disks=(GuestDisk(size_mb=16), GuestDisk(size_mb=8), GuestDisk(size_mb=4, is_swap=True))
    )
    source.spawn(server_id=guest.server_id, disks=guest.disks)
    source.driver.stop(guest.server_id, 0)
    write(source.files(guest.server_id) / "disk.eph1", 7 << 20, b"what the guest remembers")
    root, disks = source.directory / "root", {number: source.directory / f"disk{number}" for number in (0, 1)}
    source.driver.set_aside(guest.server_id, root, disks)
    for carried in (root, *disks.values()):
        require_safe(carried, "qcow2")
    grown = replace(guest, disks=(GuestDisk(size_mb=32), *guest.disks[1:]))
    dest.driver.spawn(grown, root, "qcow2", None, disks=disks)
    dest.await_console(guest.server_id, "login:")
    files = dest.files(guest.server_id)
    assert [(files / name).stat().st_size >> 20 for name in ("disk.eph0", "disk.eph1", "disk.swap")] == [32, 8, 4]
    assert b"ephemeral0" in (files / "disk.eph0").read_bytes()[:4096]
    assert b"what the guest remembers" in (files / "disk.eph1").read_bytes()


def write(path: Path, offset: int, text: bytes) -> None:
    with path.open("rb+") as file:
        file.seek(offset)
        file.write(text)
