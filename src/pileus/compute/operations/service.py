"""Enabling, disabling and forgetting the cloud's services."""

from __future__ import annotations

from datetime import datetime

from pileus.compute.backend import Backend
from pileus.compute.db import host as hosts
from pileus.compute.db import server as servers
from pileus.compute.db import service as rows
from pileus.compute.model.errors import HypervisorNotFound, ServiceInUse
from pileus.compute.model.host import COMPUTE_BINARY, Service
from pileus.kit.db import Transaction


def set_disabled(
    tx: Transaction, host: str, binary: str, now: datetime, *, is_disabled: bool, reason: str | None = None
) -> Service:
    """Keep new servers away from a host, or let them come again. Raises HostBinaryNotFound."""
    service = rows.get_on(tx, host, binary)
    rows.update(tx, service, now, is_disabled=is_disabled, disabled_reason=reason)
    return rows.get(tx, service.number)


def delete(backend: Backend, number: int) -> None:
    """Forget a service, and the hypervisor of a compute host, which placement forgets first.

    So nothing is forgotten while a server that is being built holds something there, and whatever happens in between
    leaves a row by which this can be asked again. Raises ServiceNotFound, ServiceInUse, ProviderInUse, PlacementFailed.
    """
    with backend.database.read() as tx:
        provider = _provider(tx, _unused(tx, number))
    if provider is not None:
        backend.placement.delete_provider(provider)
    backend.database.write(_delete, number)


def _delete(tx: Transaction, number: int) -> None:
    service = _unused(tx, number)
    if service.binary == COMPUTE_BINARY:
        hosts.delete(tx, service.host)
    rows.delete(tx, service)


def _unused(tx: Transaction, number: int) -> Service:
    service = rows.get(tx, number)
    if service.binary == COMPUTE_BINARY and servers.list_by_host(tx, service.host):
        raise ServiceInUse
    return service


def _provider(tx: Transaction, service: Service) -> str | None:
    """Return the hypervisor that goes with a service, by the uuid that placement knows it by."""
    if service.binary != COMPUTE_BINARY:
        return None
    try:
        return hosts.get(tx, service.host).uuid
    except HypervisorNotFound:
        return None
