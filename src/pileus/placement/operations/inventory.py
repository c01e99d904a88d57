"""Changing what providers have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from pileus.kit.db import Transaction
from pileus.placement.db import inventory as inventories
from pileus.placement.db import provider as providers
from pileus.placement.db import resource_class as resource_classes
from pileus.placement.model.errors import (
    InventoryClassUnknown,
    InventoryExists,
    InventoryInUse,
    InventoryInvalid,
    InventoryToDeleteNotFound,
    InventoryUnknown,
    ProviderGenerationStale,
    ResourceClassUnknown,
)
from pileus.placement.model.inventory import Inventory
from pileus.placement.model.provider import Provider


def create(
    tx: Transaction, uuid: str, new: Inventory, *, generation: int | None, may_reserve_all: bool, now: datetime
) -> int:
    """Add one inventory; return the provider's new generation.

    Raises ProviderNotFound, ProviderGenerationStale, ResourceClassUnknown, InventoryInvalid, InventoryExists.
    """
    provider = lock_at(tx, uuid, generation)
    if resource_classes.find_unknown(tx, [new.resource_class], holding=True):
        raise ResourceClassUnknown(name=new.resource_class)
    require_sane(provider, [new], "create", may_reserve_all=may_reserve_all)
    if inventories.find(tx, provider, new.resource_class) is not None:
        raise InventoryExists(resource_class=new.resource_class, provider=uuid)
    inventories.add(tx, provider, [new], now)
    return providers.bump_generation(tx, provider, now)


def replace(
    tx: Transaction, uuid: str, new: Sequence[Inventory], *, generation: int, may_reserve_all: bool, now: datetime
) -> int:
    """Let a provider have these inventories and no other; return its new generation.

    Raises ProviderNotFound, ProviderGenerationStale, InventoryClassUnknown, InventoryInvalid, InventoryInUse.
    """
    provider = lock_at(tx, uuid, generation)
    unknown = resource_classes.find_unknown(tx, sorted(one.resource_class for one in new), holding=True)
    if unknown:
        raise InventoryClassUnknown(provider=uuid, name=unknown)
    require_sane(provider, new, "update", may_reserve_all=may_reserve_all)
    write(tx, provider, new, now)
    return providers.bump_generation(tx, provider, now)


def update(tx: Transaction, uuid: str, new: Inventory, *, generation: int, may_reserve_all: bool, now: datetime) -> int:
    """Change one inventory; return the provider's new generation.

    Raises ProviderNotFound, ProviderGenerationStale, InventoryUnknown, InventoryInvalid.
    """
    provider = lock_at(tx, uuid, generation)
    require_sane(provider, [new], "update", may_reserve_all=may_reserve_all)
    if inventories.find(tx, provider, new.resource_class) is None:
        raise InventoryUnknown(resource_class=new.resource_class, provider=uuid)
    inventories.change(tx, provider, [new], now)
    return providers.bump_generation(tx, provider, now)


def delete(tx: Transaction, uuid: str, resource_class: str, *, now: datetime) -> None:
    """Remove one inventory. Raises ProviderNotFound, InventoryToDeleteNotFound, InventoryInUse."""
    provider = providers.lock(tx, uuid)
    if inventories.find(tx, provider, resource_class) is None:
        raise InventoryToDeleteNotFound(resource_class=resource_class)
    _require_unused(tx, provider, [resource_class])
    inventories.remove(tx, provider, [resource_class])
    providers.bump_generation(tx, provider, now)


def delete_all(tx: Transaction, uuid: str, *, now: datetime) -> None:
    """Remove all of a provider's inventories. Raises ProviderNotFound, InventoryInUse."""
    provider = providers.lock(tx, uuid)
    write(tx, provider, (), now)
    providers.bump_generation(tx, provider, now)


def lock_at(tx: Transaction, uuid: str, generation: int | None) -> Provider:
    """Return a provider for changing it; None takes it as it is. Raises ProviderNotFound, ProviderGenerationStale."""
    provider = providers.lock(tx, uuid)
    if generation is not None and provider.generation != generation:
        raise ProviderGenerationStale(provider=uuid, actual=provider.generation, given=generation)
    return provider


def write(tx: Transaction, provider: Provider, new: Iterable[Inventory], now: datetime) -> None:
    """Turn what a locked provider has into `new`. Raises InventoryInUse."""
    wanted = {one.resource_class: one for one in new}
    present = {one.resource_class for one in inventories.list_of(tx, provider)}
    gone = sorted(present - wanted.keys(), key=resource_classes.sort_key)
    if gone:
        _require_unused(tx, provider, gone)
        inventories.remove(tx, provider, gone)
    inventories.change(tx, provider, [wanted[name] for name in wanted if name in present], now)
    inventories.add(tx, provider, [wanted[name] for name in wanted if name not in present], now)


def _require_unused(tx: Transaction, provider: Provider, gone: Iterable[str]) -> None:
    used = inventories.used_of(tx, provider)
    still_used = [name for name in gone if used[name]]
    if still_used:
        raise InventoryInUse(resource_classes=", ".join(still_used), provider=provider.uuid)


def require_sane(provider: Provider, new: Iterable[Inventory], verb: str, *, may_reserve_all: bool) -> None:
    """Let inventories pass that reserve less than they have. Raises InventoryInvalid."""
    for one in new:
        if not one.is_reservation_sane(may_reserve_all=may_reserve_all):
            comparison = "greater than" if may_reserve_all else "greater than or equal to"
            raise InventoryInvalid(
                verb=verb, provider=provider.uuid, resource_class=one.resource_class, comparison=comparison
            )
