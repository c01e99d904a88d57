"""The NUMA cells of a host, as libvirt tells them, and which of its CPUs are for whom."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass, replace

from pileus.compute.agent.drivers.driver import HostFailed
from pileus.compute.model.guest_topology import USUAL_PAGE_KIB
from pileus.compute.model.topology import HostCell, Topology, list_of, numbers_in, sorted_out


@dataclass(frozen=True, slots=True)
class CpuSets:
    """The settings `cpu_shared_set` and `cpu_dedicated_set`."""

    shared: str = ""
    dedicated: str = ""


def read_topology(capabilities: ET.Element, sets: CpuSets, memory_mb: int) -> Topology:
    """Return a host's cells; `memory_mb` is what its kernel has. Raises HostFailed for CPUs that it does not have."""
    elements = capabilities.findall("host/topology/cells/cell")
    _require_cpus(sets, {cpu for element in elements for cpu in _cpus(element)})
    cells = [_cell(element, sets) for element in elements]
    if len(cells) == 1:  # libvirt adds up memory blocks, and misses those of a machine that hot-plugs them
        large_kib = sum(size * count for size, count in cells[0].large_pages.items())
        cells = [replace(cells[0], memory_mb=memory_mb - large_kib // 1024)]
    return Topology(cells=tuple(cells))


def _require_cpus(sets: CpuSets, has: set[int]) -> None:
    try:
        shared, dedicated = numbers_in(sets.shared), numbers_in(sets.dedicated)
    except ValueError as error:
        raise HostFailed(why=f"cpu_shared_set or cpu_dedicated_set is no list of CPUs: {error}") from error
    if missing := (shared | dedicated) - has:
        raise HostFailed(why=f"cpu_shared_set or cpu_dedicated_set names CPUs that are not online: {list_of(missing)}")
    if shared & dedicated:
        raise HostFailed(why=f"cpu_shared_set and cpu_dedicated_set share the CPUs {list_of(shared & dedicated)}")


def _cell(element: ET.Element, sets: CpuSets) -> HostCell:
    cpus = _cpus(element)
    shared, dedicated = sorted_out(cpus, sets.shared, sets.dedicated)
    pages = {int(page.get("size", "0")): int(page.text or "0") for page in element.iterfind("pages[@unit='KiB']")}
    usual = pages.pop(USUAL_PAGE_KIB, 0)
    cores = {tuple(sorted(numbers_in(siblings))) for siblings in cpus.values()}
    return HostCell(
        id=int(element.get("id", "0")),
        memory_mb=usual * USUAL_PAGE_KIB // 1024,
        shared_cpus=shared,
        dedicated_cpus=dedicated,
        cores=tuple(sorted(core for core in cores if len(core) > 1)),
        large_pages={size: count for size, count in sorted(pages.items()) if count},
    )


def _cpus(element: ET.Element) -> dict[int, str]:
    """Return the CPUs of a cell that are online, each with the list of those that are threads of its core."""
    found = element.findall("cpus/cpu[@siblings]")
    return {int(cpu.get("id", "0")): cpu.get("siblings", "") for cpu in found}
