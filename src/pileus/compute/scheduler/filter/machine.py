"""Filters that look at parts of a host's machine: NUMA cells, PCI devices, and where it is in the network."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from pileus.compute.model.guest_topology import fit
from pileus.compute.model.topology import HostCell
from pileus.compute.scheduler.ask import Ask, HostView
from pileus.compute.scheduler.facts import Facts, looks_at

PCI = "CUSTOM_PCI_"


@looks_at(if_asked=lambda ask: ("topology",) if ask.wish else (), named=lambda ask: ask.held)
def numa_topology(ask: Ask, host: HostView) -> str | None:
    """The host must have left what the guest shall have for itself, each of its NUMA cells in one of the host's."""
    if ask.wish is None or fit(host.topology, ask.held.get(host.host, ()), ask.wish) is not None:
        return None
    has = ", ".join(f"{_cpus(cell)} and {cell.memory_mb} MB" for cell in host.topology.cells)
    return f"its NUMA cells, less what others hold of them, do not hold the guest's: {has or 'it has none'}"


def _cpus(cell: HostCell) -> str:
    own = f", {len(cell.dedicated_cpus)} dedicated" if cell.dedicated_cpus else ""
    return f"{len(cell.shared_cpus)} CPUs{own}"


def _devices(ask: Ask) -> Facts:
    return [f"free:{name}" for name in ask.resources if name.startswith(PCI)]


@looks_at(if_asked=_devices)
def pci_passthrough(ask: Ask, host: HostView) -> str | None:
    """The host must have the PCI devices that are asked for left."""
    for name, amount in ask.resources.items():
        if name.startswith(PCI) and host.free.get(name, 0) < amount:
            return f"it has {host.free.get(name, 0)} {name} left"
    return None


@looks_at(if_asked=lambda ask: ("address",) if ask.hints.get("build_near_host_ip") else ())
def simple_cidr_affinity(ask: Ask, host: HostView) -> str | None:
    """The host's address must be in the network of the hint `build_near_host_ip`, as large as the hint `cidr` says."""
    near = ask.hints.get("build_near_host_ip")
    if not near:
        return None
    try:
        network = ip_network(f"{_first(near)}/{str(_first(ask.hints.get('cidr') or '/24')).removeprefix('/')}", False)
    except ValueError:
        return "the hints build_near_host_ip and cidr are no network"
    if not host.address:
        return "its address is not known"
    try:
        is_near = ip_address(host.address) in network
    except ValueError:  # an agent may be told to call itself anything
        is_near = False
    return None if is_near else f"its address is {host.address}, not in {network}"


def _first(value: object) -> object:
    """Return a hint's value, or the first of several."""
    return value[0] if isinstance(value, list) and value else value
