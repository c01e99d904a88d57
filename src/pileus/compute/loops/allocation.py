"""Allocations and servers agree: what placement holds for a server that is no more is given back."""

from __future__ import annotations

from collections.abc import Sequence

from pileus.clients.placement import Placement, ProviderNotFound
from pileus.compute.db import host, server, server_migration
from pileus.compute.model.error.migration import MigrationNotFound
from pileus.compute.model.error.server import InstanceNotFound
from pileus.kit import log
from pileus.kit.db import Database, Transaction
from pileus.kit.workflow import WorkflowStore

logger = log.get_logger("pileus.compute.allocation")


def release_orphans(database: Database, store: WorkflowStore, placement: Placement) -> list[str]:
    """Give back what deleted and homeless servers still hold; return their ids. Other consumers are left alone."""
    released = []
    with database.read() as tx:
        providers = host.list_providers(tx)
    for provider in providers:
        for consumer in _suspects(database, placement, provider):
            if _is_orphan(database, store, consumer):
                logger.warning("giving back an orphaned allocation", server=consumer, provider=provider)
                placement.release(consumer)
                released.append(consumer)
    return released


def _suspects(database: Database, placement: Placement, provider: str) -> Sequence[str]:
    """Return those that hold something of a provider and are no servers on hosts, which nearly all are."""
    try:
        consumers = list(placement.consumers_of(provider))
    except ProviderNotFound:
        return ()
    with database.read() as tx:
        at_home = server.on_hosts(tx, consumers)
    return [consumer for consumer in consumers if consumer not in at_home]


def _is_orphan(database: Database, store: WorkflowStore, consumer: str) -> bool:
    with database.read() as tx:
        if store.is_busy(tx, consumer):
            return False
        try:
            row = server.get(tx, consumer, may_be_deleted=True)
        except InstanceNotFound:
            return _is_ended_move(tx, store, consumer)
    return row.deleted_at is not None or row.host is None


def _is_ended_move(tx: Transaction, store: WorkflowStore, consumer: str) -> bool:
    """Tell whether it is a migration that holds something nobody goes back to; others may be somebody else's."""
    try:
        migration = server_migration.get(tx, consumer)
    except MigrationNotFound:
        return False
    return not migration.is_in_progress and not store.is_busy(tx, migration.server_id)
