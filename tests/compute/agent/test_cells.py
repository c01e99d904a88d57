"""A host's NUMA cells, as libvirt's capabilities tell them."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from pileus.compute.agent.drivers.driver import HostFailed
from pileus.compute.agent.drivers.libvirt.cells import CpuSets, read_topology
from pileus.compute.model.topology import HostCell

ONE = """<capabilities><host><topology><cells num='1'><cell id='0'>
  <memory unit='KiB'>4194304</memory>
  <pages unit='KiB' size='4'>524288</pages>
  <pages unit='KiB' size='2048'>1024</pages>
  <pages unit='KiB' size='1048576'>0</pages>
  <cpus num='3'><cpu id='0' socket_id='0' core_id='0' siblings='0'/><cpu id='1' core_id='1' siblings='1'/><cpu id='9'/></cpus>
</cell></cells></topology></host></capabilities>"""  # noqa: E501

TWO = """<capabilities><host><topology><cells num='2'>
<cell id='0'><pages unit='KiB' size='4'>262144</pages><cpus num='4'>
  <cpu id='0' siblings='0,4'/><cpu id='4' siblings='0,4'/><cpu id='1' siblings='1,5'/><cpu id='5' siblings='1,5'/>
</cpus></cell>
<cell id='1'><pages unit='KiB' size='4'>131072</pages><cpus num='4'>
  <cpu id='2' siblings='2,6'/><cpu id='6' siblings='2,6'/><cpu id='3' siblings='3,7'/><cpu id='7' siblings='3,7'/>
</cpus></cell>
</cells></topology></host></capabilities>"""


def cells(xml: str, shared: str = "", dedicated: str = "") -> tuple[HostCell, ...]:
    return read_topology(ET.fromstring(xml), CpuSets(shared, dedicated), memory_mb=5000).cells  # noqa: S314 - ours


def test_a_machine_of_one_cell_has_all_its_memory_there_less_what_is_in_large_pages() -> None:
    assert cells(ONE) == (HostCell(id=0, memory_mb=5000 - 2048, shared_cpus=(0, 1), large_pages={2048: 1024}),)


def test_each_cell_has_its_cpus_their_cores_and_its_memory() -> None:
    assert cells(TWO, shared="0-1,4-5", dedicated="2-3,6,7") == (
        HostCell(id=0, memory_mb=1024, shared_cpus=(0, 1, 4, 5), cores=((0, 4), (1, 5))),
        HostCell(id=1, memory_mb=512, dedicated_cpus=(2, 3, 6, 7), cores=((2, 6), (3, 7))),
    )


def test_no_cpu_is_shared_where_only_dedicated_ones_are_named() -> None:
    assert [cell.shared_cpus for cell in cells(TWO, dedicated="7")] == [(), ()]


@pytest.mark.parametrize(
    ("shared", "dedicated", "why"),
    [
        ("0-8", "", "CPUs that are not online: 8"),
        ("", "9", "CPUs that are not online: 9"),
        ("0-3", "3-4", "share the CPUs 3"),
        ("zero", "", "no list of CPUs"),
    ],
)
def test_settings_that_the_host_cannot_have_are_said_to_whoever_runs_it(shared: str, dedicated: str, why: str) -> None:
    with pytest.raises(HostFailed) as refused:
        cells(TWO, shared, dedicated)
    assert why in str(refused.value)
