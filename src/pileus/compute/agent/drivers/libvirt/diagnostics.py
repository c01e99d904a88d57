"""How a guest is, and where its consoles listen."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from pileus.compute.agent.drivers.driver import HypervisorFailed
from pileus.compute.messages import ConsoleAddress, DiskUse, GuestDiagnostics

if TYPE_CHECKING:
    import libvirt

_KIB_PER_MIB = 1024


def diagnostics_of(domain: libvirt.virDomain) -> GuestDiagnostics:
    """Return how a running guest is."""
    _, maximum_kib, used_kib, _, _ = domain.info()
    cpus, _ = domain.vcpus()
    return GuestDiagnostics(
        driver="libvirt",
        hypervisor=domain.connect().getType().lower(),
        uptime_s=None,
        cpu_times_ns=tuple(cpu[2] for cpu in cpus),
        memory_maximum_mb=maximum_kib // _KIB_PER_MIB,
        memory_used_mb=used_kib // _KIB_PER_MIB,
        disks=tuple(_disk_use(domain, device) for device in _devices(domain)),
        nics=tuple(_nics(domain)),
    )


def _devices(domain: libvirt.virDomain) -> list[str]:
    targets = ET.fromstring(domain.XMLDesc()).iterfind("devices/disk[@device='disk']/target")  # noqa: S314 (our own)
    return [target.get("dev", "") for target in targets]


def _nics(domain: libvirt.virDomain) -> list[str]:
    addresses = ET.fromstring(domain.XMLDesc()).iterfind("devices/interface/mac")  # noqa: S314 (our own)
    return [address.get("address", "") for address in addresses]


def _disk_use(domain: libvirt.virDomain, device: str) -> DiskUse:
    read_requests, read_bytes, write_requests, write_bytes, errors = domain.blockStats(device)
    return DiskUse(
        device=device,
        read_bytes=read_bytes,
        read_requests=read_requests,
        write_bytes=write_bytes,
        write_requests=write_requests,
        errors=max(errors, 0),  # -1: it is not known
    )


def console_address_of(domain: libvirt.virDomain, protocol: str) -> ConsoleAddress:
    """Return where a running guest's console listens. Raises HypervisorFailed if it has none of that protocol."""
    graphics = ET.fromstring(domain.XMLDesc()).find(f"devices/graphics[@type='{protocol}']")  # noqa: S314 (our own)
    port = -1 if graphics is None else int(graphics.get("port", "-1"))
    if graphics is None or port < 0:
        raise HypervisorFailed(reason=f"the guest has no {protocol} console")
    tls_port = graphics.get("tlsPort")
    return ConsoleAddress(
        host=graphics.get("listen", "127.0.0.1"), port=port, tls_port=None if tls_port is None else int(tls_port)
    )
