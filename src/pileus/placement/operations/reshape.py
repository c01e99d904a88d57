"""Moving inventories between providers, and the allocations of them along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pileus.kit.db import Transaction
from pileus.placement.db import allocation as allocations
from pileus.placement.db import consumer as consumers
from pileus.placement.db import inventory as inventories
from pileus.placement.db import provider as providers
from pileus.placement.db import resource_class as resource_classes
from pileus.placement.model.allocation import Claim
from pileus.placement.model.errors import (
    InventoryClassUnknown,
    ProviderGenerationStale,
    ReshapeProviderUnknown,
)
from pileus.placement.model.inventory import Inventory
from pileus.placement.model.provider import Provider
from pileus.placement.operations import allocation
from pileus.placement.operations.inventory import require_sane, write


@dataclass(frozen=True, slots=True)
class Shape:
    """What a provider shall have, and the generation at which the caller saw it."""

    generation: int
    inventories: Sequence[Inventory]


def reshape(tx: Transaction, shapes: Mapping[str, Shape], claims: Sequence[Claim], *, now: datetime) -> None:
    """Give providers other inventories and consumers other allocations: all of it or nothing.

    Raises ReshapeProviderUnknown, ProviderGenerationStale, InventoryClassUnknown, InventoryInvalid, InventoryInUse
    and whatever `allocation.replace` raises.
    """
    holders = consumers.lock_many(tx, [claim.consumer_uuid for claim in claims])
    held = allocations.list_of_consumers(tx, holders.values())
    before = _require_at(shapes, allocation.lock_sources(tx, claims, held, shapes))
    for uuid, provider in before.items():
        _require_known_classes(tx, provider, shapes[uuid].inventories)
        require_sane(provider, shapes[uuid].inventories, "update", may_reserve_all=True)
        # What goes away stays until nobody holds it any more.
        added = {one.resource_class: one for one in inventories.list_of(tx, provider)}
        added |= {one.resource_class: one for one in shapes[uuid].inventories}
        write(tx, provider, added.values(), now)
        providers.bump_generation(tx, provider, now)
    allocation.replace(tx, claims, now=now)
    for uuid, provider in providers.lock_many(tx, shapes).items():
        write(tx, provider, shapes[uuid].inventories, now)
        providers.bump_generation(tx, provider, now)


def _require_at(shapes: Mapping[str, Shape], known: Mapping[str, Provider]) -> Mapping[str, Provider]:
    for uuid, shape in shapes.items():
        if uuid not in known:
            raise ReshapeProviderUnknown(provider=uuid)
        if known[uuid].generation != shape.generation:
            raise ProviderGenerationStale(provider=uuid, actual=known[uuid].generation, given=shape.generation)
    return {uuid: known[uuid] for uuid in shapes}


def _require_known_classes(tx: Transaction, provider: Provider, new: Sequence[Inventory]) -> None:
    unknown = resource_classes.find_unknown(tx, sorted(one.resource_class for one in new), holding=True)
    if unknown:
        raise InventoryClassUnknown(provider=provider.uuid, name=unknown)
