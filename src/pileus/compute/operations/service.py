"""Enabling, disabling and forgetting the cloud's services."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pileus.compute.backend import Backend
from pileus.compute.db import aggregate as aggregates
from pileus.compute.db import host as hosts
from pileus.compute.db import server as servers
from pileus.compute.db import server_migration as migrations
from pileus.compute.db import service as rows
from pileus.compute.model.error.host import HypervisorNotFound
from pileus.compute.model.error.service import ServiceInUse, ServiceMigrating, ServiceNotUpdatable
from pileus.compute.model.host import COMPUTE_BINARY, Service
from pileus.compute.model.news import NounNews
from pileus.kit.db import Transaction


def change(tx: Transaction, host: str, binary: str, now: datetime, **values: Any) -> Service:
    """Keep new servers away from a host or let them come again, or count it as dead whatever it says.

    `values`: is_disabled with disabled_reason, is_forced_down. Raises ServiceNotUpdatable, HostBinaryNotFound.
    """
    if binary != COMPUTE_BINARY:
        raise ServiceNotUpdatable(binary=binary)
    service = rows.get_on(tx, host, binary)
    rows.update(tx, service, now, **values)
    changed = rows.get(tx, service.number)
    tx.note(NounNews(noun=changed, verb="update"))
    return changed


def delete(backend: Backend, number: int) -> None:
    """Forget a service, and the hypervisor of a compute host, which placement forgets first.

    So nothing is forgotten while a server that is being built holds something there, and whatever happens in between
    leaves a row by which this can be asked again.

    Raises ServiceNotFound, ServiceInUse, ServiceMigrating, ProviderInUse, PlacementFailed.
    """
    with backend.database.read() as tx:
        provider = _provider(tx, _unused(tx, number))
    if provider is not None:
        backend.placement.delete_provider(provider)
    backend.database.write(_delete, number)


def _delete(tx: Transaction, number: int) -> None:
    service = _unused(tx, number)
    rows.delete(tx, service)
    if service.binary == COMPUTE_BINARY:
        aggregates.remove_host_everywhere(tx, service.host)
        hosts.delete(tx, service.host)
    tx.note(NounNews(noun=service, verb="delete"))


def _unused(tx: Transaction, number: int) -> Service:
    service = rows.get(tx, number)
    if service.binary == COMPUTE_BINARY and servers.list_by_host(tx, service.host):
        raise ServiceInUse
    if service.binary == COMPUTE_BINARY and migrations.is_any_in_progress(tx, service.host):
        raise ServiceMigrating
    return service


def _provider(tx: Transaction, service: Service) -> str | None:
    """Return the hypervisor that goes with a service, by the uuid that placement knows it by."""
    if service.binary != COMPUTE_BINARY:
        return None
    try:
        return hosts.get(tx, service.host).uuid
    except HypervisorNotFound:
        return None
