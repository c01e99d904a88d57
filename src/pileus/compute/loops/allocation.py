"""Allocations and servers agree: what placement holds for a server that is no more is given back."""

from __future__ import annotations

from collections.abc import Sequence

from pileus.clients.placement import Placement, ProviderNotFound
from pileus.compute.db import held_topology, host, server, server_migration
from pileus.compute.model.error.migration import MigrationNotFound
from pileus.compute.model.error.server import InstanceNotFound
from pileus.kit import log
from pileus.kit.db import Database, Transaction
from pileus.kit.workflow import WorkflowStore

logger = log.get_logger("pileus.compute.allocation")


class AllocationLoop:
    """Gives back what deleted and homeless servers still hold. Other consumers are left alone.

    Who holds something of a host is remembered until its provider changes: most do not, from one round to the next.
    """

    def __init__(self, database: Database, store: WorkflowStore, placement: Placement) -> None:
        self._database = database
        self._store = store
        self._placement = placement
        self._held: dict[str, tuple[int, Sequence[str]]] = {}  # provider → its generation before, and who held it

    def run(self) -> list[str]:
        """Give back what there is to be given back; return whose it was."""
        released = []
        for provider in self._suspected():
            for consumer in _suspects(self._database, self._placement, provider):
                if _is_orphan(self._database, self._store, consumer):
                    logger.warning("giving back an orphaned allocation", server=consumer, provider=provider)
                    self._database.write(held_topology.release, consumer)
                    self._placement.release(consumer)  # last: who holds nothing there any more is not looked at again
                    released.append(consumer)
        return released

    def _suspected(self) -> Sequence[str]:
        """Return the hosts' providers of which others hold something than servers on hosts, or did when last asked."""
        with self._database.read() as tx:
            providers = host.list_providers(tx)
        generations = self._placement.generations()  # before who holds something: what changes now is seen next time
        self._held = {one: self._look(one, generations[one]) for one in providers if one in generations}
        with self._database.read() as tx:
            at_home = server.on_hosts(tx, [consumer for _, held in self._held.values() for consumer in held])
        return [provider for provider, (_, held) in self._held.items() if not at_home.issuperset(held)]

    def _look(self, provider: str, generation: int) -> tuple[int, Sequence[str]]:
        known = self._held.get(provider)
        return known if known and known[0] == generation else (generation, _consumers(self._placement, provider))


def _suspects(database: Database, placement: Placement, provider: str) -> Sequence[str]:
    """Return those that hold something of a provider now and are no servers on hosts."""
    consumers = _consumers(placement, provider)
    with database.read() as tx:
        at_home = server.on_hosts(tx, consumers)
    return [consumer for consumer in consumers if consumer not in at_home]


def _consumers(placement: Placement, provider: str) -> Sequence[str]:
    try:
        return list(placement.consumers_of(provider))
    except ProviderNotFound:
        return ()


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
