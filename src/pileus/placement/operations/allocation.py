"""Giving resources to consumers and taking them back: the one place that decides whether something fits.

Everything happens in one transaction: the consumers are locked, then the providers, each in one order; only then does
it look, decide and write. So two that want the last of something come one after the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from pileus.kit.db import Transaction
from pileus.placement.db import allocation as allocations
from pileus.placement.db import consumer as consumers
from pileus.placement.db import inventory as inventories
from pileus.placement.db import provider as providers
from pileus.placement.db import resource_class as resource_classes
from pileus.placement.model.allocation import Allocation, Claim, Stock, list_changes, require_fit
from pileus.placement.model.consumer import UNKNOWN_OWNER, Consumer, Owner
from pileus.placement.model.errors import (
    AllocationClassUnknown,
    AllocationProviderUnknown,
    AllocationsNotFound,
    ConsumerGenerationStale,
)
from pileus.placement.model.provider import Provider


def replace(tx: Transaction, claims: Sequence[Claim], *, now: datetime) -> None:
    """Let every claim's consumer hold what it asks for in place of what it held: all claims or none.

    Raises ConsumerGenerationStale, AllocationProviderUnknown, AllocationClassUnknown, AllocationRefused.
    """
    _require_classes(tx, claims)
    known, added = _take_consumers(tx, claims, now)
    held = allocations.list_of_consumers(tx, known.values())
    sources = lock_sources(tx, claims, held)
    _require_providers(claims, sources)
    wanted = {uuid: sources[uuid] for claim in claims for uuid in claim.wanted}
    require_fit(claims, held, _stock_of(tx, wanted.values()))
    if held:
        allocations.remove_of_consumers(tx, known.values())
    allocations.add(tx, claims, known | added, wanted, now)
    _count_use(tx, claims, held, sources, now)
    for provider in wanted.values():
        providers.bump_generation(tx, provider, now)
    _count_change(tx, claims, known, now)


def delete(tx: Transaction, consumer_uuid: str, *, now: datetime) -> None:
    """Take everything from a consumer. Raises AllocationsNotFound."""
    holders = consumers.lock_many(tx, [consumer_uuid]).values()
    held = allocations.list_of_consumers(tx, holders)
    if not held:
        raise AllocationsNotFound(consumer=consumer_uuid)
    sources = lock_sources(tx, (), held)
    allocations.remove_of_consumers(tx, holders)
    _count_use(tx, (), held, sources, now)
    consumers.remove(tx, holders)


def lock_sources(
    tx: Transaction, claims: Iterable[Claim], held: Iterable[Allocation], others: Iterable[str] = ()
) -> dict[str, Provider]:
    """Return the providers that give or get back something, and `others`, by uuid: locked, all in one order."""
    wanted = {uuid for claim in claims for uuid in claim.wanted}
    return providers.lock_many(tx, wanted.union((one.provider_uuid for one in held), others))


def _require_classes(tx: Transaction, claims: Iterable[Claim]) -> None:
    for claim in claims:
        unknown = resource_classes.find_unknown(tx, {name for (_, name), _ in claim.amounts()})
        if unknown:
            raise AllocationClassUnknown(consumer=claim.consumer_uuid, name=unknown)


def _require_providers(claims: Iterable[Claim], known: Mapping[str, Provider]) -> None:
    for claim in claims:
        for uuid in claim.wanted:
            if uuid not in known:
                raise AllocationProviderUnknown(provider=uuid)


def _take_consumers(
    tx: Transaction, claims: Iterable[Claim], now: datetime
) -> tuple[dict[str, Consumer], dict[str, Consumer]]:
    """Return the claims' consumers: those that were there, locked, and those made now.

    Raises ConsumerGenerationStale.
    """
    known, added = consumers.lock_many(tx, [claim.consumer_uuid for claim in claims]), dict[str, Consumer]()
    for claim in sorted(claims, key=lambda one: one.consumer_uuid):
        consumer = known.get(claim.consumer_uuid) or added.get(claim.consumer_uuid)
        actual = None if consumer is None else consumer.generation
        if claim.checks_generation and claim.generation != actual:
            raise ConsumerGenerationStale(
                actual="null" if actual is None else actual, given=claim.generation, consumer=claim.consumer_uuid
            )
        if consumer is None and claim.wanted:
            added[claim.consumer_uuid] = consumers.add(tx, claim.consumer_uuid, owner=_owner(claim, None), now=now)
    return known, added


def _stock_of(tx: Transaction, sources: Iterable[Provider]) -> Stock:
    uuids = {provider.id: provider.uuid for provider in sources}
    rows = {(uuids[row.provider_id], row.resource_class): row for row in inventories.list_rows_of_many(tx, uuids)}
    return Stock(
        inventories={key: inventories.from_row(row) for key, row in rows.items()},
        used={key: row.used for key, row in rows.items()},
    )


def _count_use(
    tx: Transaction,
    claims: Iterable[Claim],
    held: Iterable[Allocation],
    sources: Mapping[str, Provider],
    now: datetime,
) -> None:
    more = list_changes(claims, held)
    inventories.use(tx, {(sources[uuid].id, name): amount for (uuid, name), amount in more.items()}, now)


def _count_change(tx: Transaction, claims: Iterable[Claim], known: Mapping[str, Consumer], now: datetime) -> None:
    """Count the change of consumers that were there before, and let those go that hold nothing any more."""
    idle = []
    for claim in claims:
        holder = known.get(claim.consumer_uuid)
        if holder is not None and claim.wanted:
            consumers.bump_generation(tx, holder, owner=_owner(claim, holder), now=now)
        elif holder is not None:
            idle.append(holder)
    if idle:
        consumers.remove(tx, idle)


def _owner(claim: Claim, holder: Consumer | None) -> Owner:
    """Return whose a consumer is from now on: what the claim says, else what was known before."""
    return Owner(
        project_id=claim.project_id or (holder.project_id if holder else UNKNOWN_OWNER),
        user_id=claim.user_id or (holder.user_id if holder else UNKNOWN_OWNER),
        type=claim.consumer_type or (holder.type if holder else None),
    )
