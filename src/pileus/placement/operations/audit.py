"""Holding placement's books against themselves and against compute's, and putting right what can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from pileus.clients.compute import Compute
from pileus.kit.db import Database, Transaction
from pileus.placement.db import allocation as allocations
from pileus.placement.db import audit as rows
from pileus.placement.db import change as changes
from pileus.placement.db import consumer as consumers
from pileus.placement.db import provider as providers
from pileus.placement.model.allocation import Claim
from pileus.placement.model.audit import (
    Finding,
    Held,
    IdleConsumer,
    OrphanedConsumer,
    WrongRoot,
    WrongUse,
    is_suspect,
    judge_places,
    judge_stock,
)
from pileus.placement.model.errors import ComputeForeign, ConcurrentUpdate
from pileus.placement.operations import allocation


def list_faults(tx: Transaction) -> Sequence[Finding]:
    """Return where placement's own books do not add up."""
    return [
        *judge_stock(rows.list_odd_stock(tx)),
        *rows.list_unstocked(tx),
        *rows.list_idle(tx),
        *judge_places(rows.list_places(tx)),
    ]


def list_orphans(database: Database, compute: Compute, *, before: datetime) -> Sequence[OrphanedConsumer]:
    """Return the consumers, unchanged since `before`, that were compute's and that it knows no more.

    Two at a time may be under way: a server that has its allocations and is not yet listed, and one that is gone from
    the list while its allocations are about to go. So only what has long been so counts, and compute is asked again,
    about each that it did not list. Raises Unavailable, of which ComputeForeign is one.
    """
    with database.read() as tx:
        suspects = {one.uuid: one for one in rows.list_holders(tx) if is_suspect(one, before)}
    known = compute.list_server_ids() | compute.list_migrations_in_progress()
    gone = [uuid for uuid in suspects if uuid not in known and not compute.has_server(uuid)]
    with database.read() as tx:
        held = rows.held_by(tx, gone)
    if known.isdisjoint(suspects):
        _require_own_hosts(compute, held)
    return [
        OrphanedConsumer(
            consumer_uuid=uuid,
            consumer_type=suspects[uuid].type,
            generation=suspects[uuid].generation,
            held=tuple(held[uuid]),
        )
        for uuid in gone
        if uuid in held
    ]


def _require_own_hosts(compute: Compute, held: Mapping[str, Sequence[Held]]) -> None:
    """Let a compute that knows nobody say so only of hosts that are its own. Raises ComputeForeign."""
    names = {one.provider_name for holdings in held.values() for one in holdings}
    if names and names.isdisjoint(compute.list_host_names()):
        raise ComputeForeign(count=len(held))


def mend(database: Database, finding: Finding, *, now: datetime) -> bool:
    """Put a finding right; tell whether it is. It is not if others were faster, or if an operator must choose."""
    try:
        return database.write(_mend, finding, now)
    except ConcurrentUpdate:
        return False


def _mend(tx: Transaction, finding: Finding, now: datetime) -> bool:
    match finding:
        case OrphanedConsumer():
            return _release(tx, finding, now)
        case WrongUse():
            return _recount(tx, finding, now)
        case IdleConsumer():
            return _remove_idle(tx, finding)
        case WrongRoot():
            return _set_root(tx, finding, now)
        case _:
            return False


def _release(tx: Transaction, finding: OrphanedConsumer, now: datetime) -> bool:
    nothing = Claim(
        consumer_uuid=finding.consumer_uuid, wanted={}, checks_generation=True, generation=finding.generation
    )
    allocation.replace(tx, [nothing], now=now)
    return True


def _recount(tx: Transaction, finding: WrongUse, now: datetime) -> bool:
    for provider in providers.lock_many(tx, [finding.provider_uuid]).values():
        if rows.recount(tx, provider, finding.resource_class):
            changes.add(tx, [provider.id], now)
    return True


def _remove_idle(tx: Transaction, finding: IdleConsumer) -> bool:
    found = consumers.lock_many(tx, [finding.consumer_uuid]).values()
    if allocations.list_of_consumers(tx, found):
        return False
    consumers.remove(tx, found)
    return True


def _set_root(tx: Transaction, finding: WrongRoot, now: datetime) -> bool:
    """Write down the right root, if the provider hangs there still: both trees are locked before it is asked again."""
    tree = providers.lock_trees(tx, [finding.root_uuid, finding.right_root_uuid])
    if finding not in judge_places(rows.list_places(tx)) or finding.provider_uuid not in tree:
        return False
    rows.set_root(tx, tree[finding.provider_uuid], finding.right_root_uuid)
    changes.add(tx, [one.id for one in tree.values()], now)
    return True
