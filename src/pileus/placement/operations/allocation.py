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
from pileus.placement.model.allocation import Claim, Stock, require_fit
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
    holders = _take_consumers(tx, claims, now)
    sources = providers.lock_many(tx, {uuid for claim in claims for uuid in claim.wanted})
    _require_providers(claims, sources)
    held = allocations.list_of_consumers(tx, holders.values())
    require_fit(claims, held, _stock_of(tx, sources.values()))
    allocations.remove_of_consumers(tx, holders.values())
    allocations.add(tx, claims, holders, sources, now)
    for provider in sources.values():
        providers.bump_generation(tx, provider, now)
    _count_change(tx, claims, holders, now)


def delete(tx: Transaction, consumer_uuid: str) -> None:
    """Take everything from a consumer. Raises AllocationsNotFound."""
    holders = consumers.lock_many(tx, [consumer_uuid]).values()
    if not holders or not allocations.remove_of_consumers(tx, holders):
        raise AllocationsNotFound(consumer=consumer_uuid)
    consumers.remove_idle(tx, holders)


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


def _take_consumers(tx: Transaction, claims: Iterable[Claim], now: datetime) -> dict[str, Consumer]:
    """Return the claims' consumers, locked, making those that are new. Raises ConsumerGenerationStale."""
    known = consumers.lock_many(tx, [claim.consumer_uuid for claim in claims])
    for claim in sorted(claims, key=lambda one: one.consumer_uuid):
        consumer = known.get(claim.consumer_uuid)
        actual = None if consumer is None else consumer.generation
        if claim.checks_generation and claim.generation != actual:
            raise ConsumerGenerationStale(
                actual="null" if actual is None else actual, given=claim.generation, consumer=claim.consumer_uuid
            )
        if consumer is None and claim.wanted:
            known[claim.consumer_uuid] = consumers.add(tx, claim.consumer_uuid, owner=_owner(claim, None), now=now)
    return known


def _stock_of(tx: Transaction, sources: Iterable[Provider]) -> Stock:
    uuids = {provider.id: provider.uuid for provider in sources}
    stock = {(uuids[which], one.resource_class): one for which, one in inventories.list_of_many(tx, uuids)}
    used = {(uuids[which], name): amount for (which, name), amount in allocations.used_of_many(tx, uuids).items()}
    return Stock(stock, used)


def _count_change(tx: Transaction, claims: Iterable[Claim], holders: Mapping[str, Consumer], now: datetime) -> None:
    for claim in claims:
        holder = holders.get(claim.consumer_uuid)
        if holder is not None and claim.wanted:
            consumers.bump_generation(tx, holder, owner=_owner(claim, holder), now=now)
    consumers.remove_idle(tx, holders.values())


def _owner(claim: Claim, holder: Consumer | None) -> Owner:
    """Return whose a consumer is from now on: what the claim says, else what was known before."""
    return Owner(
        project_id=claim.project_id or (holder.project_id if holder else UNKNOWN_OWNER),
        user_id=claim.user_id or (holder.user_id if holder else UNKNOWN_OWNER),
        type=claim.consumer_type or (holder.type if holder else None),
    )
