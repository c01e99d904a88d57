"""What a host has, as libvirt tells it."""

from __future__ import annotations

import os
import platform
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import libvirt
import os_traits

from pileus.compute.agent.drivers.libvirt.cells import CpuSets, read_topology
from pileus.compute.agent.drivers.libvirt.domain_xml import MACHINE, Owner
from pileus.compute.agent.drivers.libvirt.firmware import find_uefi
from pileus.compute.agent.own_address import own_address
from pileus.compute.messages import Resources

_GIB = 1 << 30
_QEMU_HOME = Path("/var/lib/libvirt/qemu")
_NODE_TRAITS = frozenset({
    "COMPUTE_NODE", "COMPUTE_ARCH_X86_64", "HW_ARCH_X86_64", "COMPUTE_FIRMWARE_BIOS",
    *(f"COMPUTE_IMAGE_TYPE_{kind}" for kind in ("AKI", "AMI", "ARI", "ISO", "QCOW2", "RAW")),
    *(f"COMPUTE_STORAGE_BUS_{bus}" for bus in ("IDE", "SATA", "SCSI", "USB", "VIRTIO")),
    *(f"COMPUTE_NET_VIF_MODEL_{model}" for model in (
        "E1000", "E1000E", "NE2K_PCI", "PCNET", "RTL8139", "VIRTIO", "VMXNET3",
    )),
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Machine:
    """The host's processor and what guests get of it; the same for as long as libvirtd runs."""

    emulator: str
    cpu_info: dict[str, object]
    traits: tuple[str, ...]
    machines: Mapping[str, str]  # the machine types that guests may have, by their short names too → the whole name


def read_machine(connection: libvirt.virConnect, *, kvm: bool) -> Machine:
    """Ask what this host and its emulator can do."""
    kind = "kvm" if kvm else "qemu"
    guests = ET.fromstring(connection.getDomainCapabilities(None, platform.machine(), MACHINE, kind, 0))  # noqa: S314
    host = ET.fromstring(connection.getCapabilities())  # noqa: S314 - libvirt wrote both
    emulator, machines = guests.findtext("path", ""), machines_of(host)
    traits = _NODE_TRAITS | cpu_traits(_guest_cpu(connection, kind, emulator, guests)) | _found_traits(host)
    if find_uefi(machines.get(MACHINE, MACHINE)):
        traits |= {"COMPUTE_FIRMWARE_UEFI"}
    return Machine(emulator=emulator, cpu_info=cpu_info(host), traits=tuple(sorted(traits)), machines=machines)


def machines_of(host: ET.Element) -> dict[str, str]:
    """Return the machine types of 64-bit guests: each name, and the one that it stands for."""
    found = host.iterfind("guest/arch[@name='x86_64']/machine")
    return {machine.text or "": machine.get("canonical") or machine.text or "" for machine in found}


def _found_traits(host: ET.Element) -> set[str]:
    topology = host.find("host/cpu/topology")
    has_threads = topology is not None and int(topology.get("threads", "1")) > 1
    return {"HW_CPU_HYPERTHREADING"} if has_threads else set()


def cpu_info(host: ET.Element) -> dict[str, object]:
    """Return the processor in the shape that the hypervisors API shows."""
    cpu = host.find("host/cpu")
    if cpu is None:
        return {}
    topology = cpu.find("topology")
    shape: dict[str, Any] = {"cells": len(host.findall("host/topology/cells/cell")) or 1}
    if topology is not None:
        shape |= {name: int(topology.get(name, "1")) for name in ("sockets", "cores", "threads")}
    return {
        "arch": cpu.findtext("arch", ""),
        "model": cpu.findtext("model", ""),
        "vendor": cpu.findtext("vendor", ""),
        "topology": shape,
        "features": sorted(feature.get("name", "") for feature in cpu.findall("feature")),
    }


def cpu_traits(cpu: ET.Element) -> set[str]:
    """Return the standard traits of a processor whose features are all listed."""
    flags = {f.get("name", "") for f in cpu.findall("feature") if f.get("policy") != "disable"}
    known = set(os_traits.get_traits(prefix="HW_CPU_X86_"))
    return {f"HW_CPU_X86_{flag.upper().replace('.', '').replace('-', '_')}" for flag in flags} & known


def _guest_cpu(connection: libvirt.virConnect, kind: str, emulator: str, capabilities: ET.Element) -> ET.Element:
    """Return the best processor that guests can have, with every feature spelt out."""
    best = capabilities.find("cpu/mode[@name='host-model'][@supported='yes']")
    if best is None:
        return ET.Element("cpu")
    cpu = ET.Element("cpu")
    cpu.extend(best)
    spelt_out = connection.baselineHypervisorCPU(
        emulator,
        platform.machine(),
        MACHINE,
        kind,
        [ET.tostring(cpu, encoding="unicode")],
        libvirt.VIR_CONNECT_BASELINE_CPU_EXPAND_FEATURES,
    )
    return ET.fromstring(spelt_out)  # noqa: S314 - libvirt wrote it


def read_resources(
    connection: libvirt.virConnect, machine: Machine, state: Path, hostname: str, sets: CpuSets
) -> Resources:
    """Return what the host has now. Raises HostFailed if it does not have the CPUs of the settings."""
    info = connection.getInfo()
    disk, memory_mb = shutil.disk_usage(state), _memory_mb()
    return Resources(
        vcpus=int(info[2]),
        memory_mb=memory_mb,
        disk_gb=disk.total // _GIB,
        disk_available_gb=disk.free // _GIB,
        hypervisor_type=str(connection.getType()),
        hypervisor_version=int(connection.getVersion()),
        hypervisor_hostname=hostname,
        cpu_info=machine.cpu_info,
        traits=machine.traits,
        address=own_address(),
        topology=read_topology(ET.fromstring(connection.getCapabilities()), sets, memory_mb),  # noqa: S314 - as above
    )


def _memory_mb() -> int:
    """Return what the kernel has; libvirt adds up memory blocks, and misses those of a machine that hot-plugs them."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20


def guest_owner() -> Owner:
    """Return whose rights QEMU needs: ours, to open the disks we made, and the group of libvirt's QEMU directory.

    Without that group a QEMU that is not libvirt's own user cannot reach the secrets which libvirt hands it there.
    """
    try:
        return Owner(os.geteuid(), _QEMU_HOME.stat().st_gid)
    except OSError:
        return Owner(os.geteuid(), os.getegid())
