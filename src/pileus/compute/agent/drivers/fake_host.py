"""What pretended hosts have."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pileus.compute.messages import Resources
from pileus.compute.model.topology import HostCell, Topology, pci_class, sorted_out

if TYPE_CHECKING:
    from pileus.compute.agent.settings import Settings

RESOURCES = Resources(
    vcpus=16,
    memory_mb=65536,
    disk_gb=1024,
    disk_available_gb=1024,
    hypervisor_type="fake",
    hypervisor_version=1000,
    hypervisor_hostname="fake",
    cpu_info={"arch": "x86_64", "model": "Fake", "vendor": "Pileus", "features": [], "topology": {}},
    traits=("COMPUTE_NODE", "COMPUTE_IMAGE_TYPE_QCOW2", "COMPUTE_IMAGE_TYPE_RAW"),
    address="127.0.0.1",
    topology=Topology(
        cells=tuple(
            HostCell(id=cell, memory_mb=32768, shared_cpus=tuple(range(8 * cell, 8 * cell + 8))) for cell in (0, 1)
        )
    ),
)


def pretended_resources(host: str, settings: Settings) -> Resources:
    """Return what a fake host has, with the CPUs and devices that the settings give it."""
    devices = {pci_class(*kind.split(":", 1)): count for kind, count in settings.pci_devices.items()}
    cells = tuple(_cell(cell, settings) for cell in RESOURCES.topology.cells)
    return replace(RESOURCES, hypervisor_hostname=host, topology=Topology(cells=cells, pci_devices=devices))


def _cell(cell: HostCell, settings: Settings) -> HostCell:
    shared, dedicated = sorted_out(cell.shared_cpus, settings.cpu_shared_set, settings.cpu_dedicated_set)
    return replace(cell, shared_cpus=shared, dedicated_cpus=dedicated)
