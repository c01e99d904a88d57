"""Enabling, disabling and forgetting the cloud's services."""

from __future__ import annotations

from datetime import datetime

from pileus.compute.db import host as hosts
from pileus.compute.db import server as servers
from pileus.compute.db import service as rows
from pileus.compute.model.errors import ServiceInUse
from pileus.compute.model.host import COMPUTE_BINARY, Service
from pileus.kit.db import Transaction


def set_disabled(
    tx: Transaction, host: str, binary: str, now: datetime, *, is_disabled: bool, reason: str | None = None
) -> Service:
    """Keep new servers away from a host, or let them come again. Raises HostBinaryNotFound."""
    service = rows.get_on(tx, host, binary)
    rows.update(tx, service, now, is_disabled=is_disabled, disabled_reason=reason)
    return rows.get(tx, service.number)


def delete(tx: Transaction, number: int) -> None:
    """Forget a service, and the hypervisor of a compute host. Raises ServiceNotFound, ServiceInUse."""
    service = rows.get(tx, number)
    if service.binary == COMPUTE_BINARY:
        if servers.list_by_host(tx, service.host):
            raise ServiceInUse
        hosts.delete(tx, service.host)
    rows.delete(tx, service)
