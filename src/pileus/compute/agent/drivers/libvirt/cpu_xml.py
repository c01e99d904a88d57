"""The processors and the memory of a guest, and which of the host's they are, as libvirt writes them down. Pure."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from pileus.compute.model.guest_topology import USUAL_PAGE_KIB
from pileus.compute.model.topology import list_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pileus.compute.messages import CpuTopology, GuestSpec
    from pileus.compute.model.guest_topology import GuestCell, GuestTopology

_SHARES, _PERIOD, _QUOTA = "cpu_shares", "cpu_period", "cpu_quota"


def add_processors(root: ET.Element, guest: GuestSpec, shared_cpus: Sequence[int], *, kvm: bool) -> None:
    """Give the guest its processors and its memory.

    `shared_cpus` are the host's on which guests run that have none for themselves; none: on all.
    """
    ET.SubElement(root, "memory", unit="MiB").text = str(guest.memory_mb)
    count = ET.SubElement(root, "vcpu")
    count.text = str(guest.vcpus)
    if shared_cpus and guest.topology is None:
        count.set("cpuset", list_of(shared_cpus))
    _tuning(root, guest, shared_cpus)
    processor = _processor(root, guest.hardware.cpu_topology, kvm=kvm)
    if guest.topology is not None:
        _memory_of_cells(root, guest.topology.cells)
        _cells(processor, guest.topology.cells)


def _processor(root: ET.Element, topology: CpuTopology | None, *, kvm: bool) -> ET.Element:
    features = ET.SubElement(root, "features")
    ET.SubElement(features, "acpi")  # or the guest could not be asked to shut down
    ET.SubElement(features, "apic")
    if kvm:
        processor = ET.SubElement(root, "cpu", mode="host-passthrough", migratable="on")
    else:
        # Everything that the emulator can do: distributions want more than the 2003 processor that is its default.
        processor = ET.SubElement(root, "cpu", mode="maximum")
        ET.SubElement(processor, "feature", policy="disable", name="la57")  # a fifth level of page tables to walk
    if topology:
        shape = {"sockets": topology.sockets, "cores": topology.cores, "threads": topology.threads}
        ET.SubElement(processor, "topology", {name: str(count) for name, count in shape.items()})
    return processor


# --- which of the host's CPUs ---------------------------------------------------------------------


def _tuning(root: ET.Element, guest: GuestSpec, shared_cpus: Sequence[int]) -> None:
    tuning = ET.Element("cputune")
    _limits(tuning, guest.hardware.quota)
    if guest.topology is not None:
        _pins(tuning, guest.topology, shared_cpus)
    if len(tuning):
        root.append(tuning)


def _limits(tuning: ET.Element, quota: Mapping[str, int]) -> None:
    for name, tag in ((_SHARES, "shares"), (_PERIOD, "period"), (_QUOTA, "quota")):
        if name in quota:
            ET.SubElement(tuning, tag).text = str(quota[name])


def _pins(tuning: ET.Element, topology: GuestTopology, shared_cpus: Sequence[int]) -> None:
    emulator: set[int] = set()
    for cell in topology.cells:
        for cpu in cell.cpus:
            on = [cell.pins[cpu]] if cpu in cell.pins else cell.shared_cpus
            ET.SubElement(tuning, "vcpupin", vcpu=str(cpu), cpuset=list_of(on))
            emulator |= set(on)
    own = {cpu for cell in topology.cells for cpu in cell.emulator_cpus}
    shared = shared_cpus if topology.shares_emulator_cpus else ()
    ET.SubElement(tuning, "emulatorpin", cpuset=list_of(own or shared or emulator))


# --- which of the host's memory -------------------------------------------------------------------


def _memory_of_cells(root: ET.Element, cells: Sequence[GuestCell]) -> None:
    tuning = ET.SubElement(root, "numatune")
    ET.SubElement(tuning, "memory", mode="strict", nodeset=list_of({cell.host_cell for cell in cells}))
    for number, cell in enumerate(cells):
        ET.SubElement(tuning, "memnode", cellid=str(number), mode="strict", nodeset=str(cell.host_cell))
    large = [(number, cell.page_kib) for number, cell in enumerate(cells) if (cell.page_kib or 0) > USUAL_PAGE_KIB]
    if large:
        pages = ET.SubElement(ET.SubElement(root, "memoryBacking"), "hugepages")
        for number, size in large:
            ET.SubElement(pages, "page", size=str(size), unit="KiB", nodeset=str(number))


def _cells(processor: ET.Element, cells: Sequence[GuestCell]) -> None:
    numa = ET.SubElement(processor, "numa")
    for number, cell in enumerate(cells):
        ET.SubElement(
            numa, "cell", id=str(number), cpus=list_of(cell.cpus), memory=str(cell.memory_mb), unit="MiB"
        )  # fmt: skip
