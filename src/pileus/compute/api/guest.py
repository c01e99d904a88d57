"""How a server's guest is: its diagnostics, its topology, and the password that was set for it."""

from __future__ import annotations

from typing import Any

from pileus.compute.api import versions as v
from pileus.compute.api.lookup import read_server, server_of
from pileus.compute.backend import Backend
from pileus.compute.db import held_topology
from pileus.compute.db import server as rows
from pileus.compute.messages import GuestDiagnostics
from pileus.compute.model.guest_topology import GuestCell
from pileus.compute.model.server import Server
from pileus.compute.operations import console as operations
from pileus.kit.db import Transaction
from pileus.kit.http.message import Reply, Request

_KIB_PER_MIB = 1024
_NIC_FIGURES = tuple(
    f"{way}_{what}" for way in ("rx", "tx") for what in ("octets", "errors", "drop", "packets", "rate")
)  # fmt: skip
"""What is told of a card beside its address; nobody knows it of one whose network QEMU pretends."""


def diagnostics(request: Request, backend: Backend) -> Reply:
    """GET /servers/{server_id}/diagnostics."""
    server = read_server(request, backend)
    found = operations.diagnostics(backend, server)
    return Reply.json(_standard(server, found) if request.since(v.STANDARD_DIAGNOSTICS) else _plain(found))


def _plain(found: GuestDiagnostics) -> dict[str, Any]:
    """Return the figures by the names that one hypervisor had for them."""
    document = {f"cpu{index}_time": time_ns for index, time_ns in enumerate(found.cpu_times_ns)}
    document["memory"] = found.memory_maximum_mb * _KIB_PER_MIB
    for disk in found.disks:
        document |= {
            f"{disk.device}_read": disk.read_bytes,
            f"{disk.device}_read_req": disk.read_requests,
            f"{disk.device}_write": disk.write_bytes,
            f"{disk.device}_write_req": disk.write_requests,
            f"{disk.device}_errors": disk.errors,
        }
    return document


def _standard(server: Server, found: GuestDiagnostics) -> dict[str, Any]:
    cpus = [{"id": index, "time": time, "utilisation": None} for index, time in enumerate(found.cpu_times_ns)]
    disks = [
        {
            "read_bytes": disk.read_bytes,
            "read_requests": disk.read_requests,
            "write_bytes": disk.write_bytes,
            "write_requests": disk.write_requests,
            "errors_count": disk.errors,
        }
        for disk in found.disks
    ]
    return {
        "state": "running",
        "driver": found.driver,
        "hypervisor": found.hypervisor,
        "hypervisor_os": found.hypervisor_os,
        "uptime": found.uptime_s,
        "config_drive": server.has_config_drive,
        "num_cpus": len(cpus),
        "num_nics": len(found.nics),
        "num_disks": len(disks),
        "cpu_details": cpus,
        "nic_details": [{"mac_address": address, **dict.fromkeys(_NIC_FIGURES)} for address in found.nics],
        "disk_details": disks,
        "memory_details": {"maximum": found.memory_maximum_mb, "used": found.memory_used_mb},
    }


def topology(request: Request, backend: Backend) -> Reply:
    """GET /servers/{server_id}/topology: the parts of its host that the server has for itself."""
    server = read_server(request, backend)
    with backend.database.read() as tx:
        found = held_topology.find(tx, server.id)
    cells = () if found is None else found.cells
    with_host = request.may("compute:server:topology:host:index", server.policy_target)
    page_kib = next((cell.page_kib for cell in cells if cell.page_kib), None)
    return Reply.json({"nodes": [_node(cell, with_host=with_host) for cell in cells], "pagesize_kb": page_kib})


def _node(cell: GuestCell, *, with_host: bool) -> dict[str, Any]:
    node = {
        "vcpu_set": list(cell.cpus),
        "siblings": [list(some) for some in cell.siblings],
        "memory_mb": cell.memory_mb,
    }
    of_host = {"host_node": cell.host_cell, "cpu_pinning": {str(cpu): pin for cpu, pin in cell.pins.items()}}
    return node | (of_host if with_host else {})


def show_password(request: Request, backend: Backend) -> Reply:
    """GET /servers/{server_id}/os-server-password."""
    return Reply.json({"password": read_server(request, backend).encrypted_password or ""})


def clear_password(request: Request, backend: Backend) -> Reply:
    """DELETE /servers/{server_id}/os-server-password."""

    def clear(tx: Transaction) -> None:
        rows.update(tx, server_of(request, tx).id, backend.clock.now(), encrypted_password=None)

    backend.database.write(clear)
    return Reply.empty(204)
