"""What pretended hosts have."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pileus.compute.messages import Resources
from pileus.compute.model.topology import Cell, Topology, numbers_in, pci_class

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
    topology=Topology(cells=(Cell(cpus=8, memory_mb=32768), Cell(cpus=8, memory_mb=32768))),
)


def pretended_resources(host: str, settings: Settings) -> Resources:
    """Return what a fake host has, with the CPUs and devices that the settings give it."""
    devices = {pci_class(*kind.split(":", 1)): count for kind, count in settings.pci_devices.items()}
    dedicated = len(numbers_in(settings.cpu_dedicated_set))
    topology = replace(RESOURCES.topology, dedicated_cpus=dedicated, pci_devices=devices)
    return replace(RESOURCES, hypervisor_hostname=host, topology=topology)
