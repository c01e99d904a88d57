"""Allocations: how much of which provider's inventory a consumer holds, and when it may."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pileus.placement.model.errors import CapacityExceeded, ConstraintsViolated, NoInventory
from pileus.placement.model.inventory import Inventory

ProviderClass = tuple[str, str]
"""A provider's uuid and a resource class: what one inventory is found by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """So much of one inventory, held by one consumer."""

    consumer_uuid: str
    provider_uuid: str
    resource_class: str
    used: int
    modified_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """All that one consumer shall hold from now on, in place of what it held; nothing at all if `wanted` is empty."""

    consumer_uuid: str
    wanted: Mapping[str, Mapping[str, int]]  # provider uuid → resource class → amount
    project_id: str | None = None  # None: leave it, or unknown
    user_id: str | None = None
    consumer_type: str | None = None
    checks_generation: bool = False
    generation: int | None = None  # None: the consumer is new

    def amounts(self) -> Iterable[tuple[ProviderClass, int]]:
        """Return every amount that it asks for."""
        for provider, resources in self.wanted.items():
            for resource_class, amount in resources.items():
                yield (provider, resource_class), amount


@dataclass(frozen=True, slots=True)
class Stock:
    """What providers have, and what is taken of it by anybody."""

    inventories: Mapping[ProviderClass, Inventory]
    used: Mapping[ProviderClass, int]


def require_fit(claims: Sequence[Claim], replaced: Iterable[Allocation], stock: Stock) -> None:
    """Let claims pass that the stock can serve, once what they replace is given back.

    A provider may be over its capacity, because its inventory shrank. A change that gives it no more to carry than it
    has now passes all the same: otherwise nothing could ever be moved away from there.

    Raises NoInventory, ConstraintsViolated, CapacityExceeded.
    """
    for claim in claims:
        for key, amount in claim.amounts():
            _require_unit(key, amount, stock)
    returned = _returned(replaced)
    for key, amount in _wanted(claims).items():
        _require_room(key, amount, returned[key], stock)


def list_changes(claims: Iterable[Claim], replaced: Iterable[Allocation]) -> Mapping[ProviderClass, int]:
    """Return how much more of every inventory is used than before; nothing of those where it stays the same."""
    more = _wanted(claims)
    more.subtract(_returned(replaced))
    return {key: amount for key, amount in more.items() if amount}


def _wanted(claims: Iterable[Claim]) -> Counter[ProviderClass]:
    wanted: Counter[ProviderClass] = Counter()
    for claim in claims:
        for key, amount in claim.amounts():
            wanted[key] += amount
    return wanted


def _returned(replaced: Iterable[Allocation]) -> Counter[ProviderClass]:
    returned: Counter[ProviderClass] = Counter()
    for allocation in replaced:
        returned[allocation.provider_uuid, allocation.resource_class] += allocation.used
    return returned


def _require_unit(key: ProviderClass, amount: int, stock: Stock) -> None:
    provider, resource_class = key
    inventory = stock.inventories.get(key)
    if inventory is None:
        raise NoInventory(resource_class=resource_class, provider=provider)
    if not inventory.is_amount_allowed(amount):
        raise ConstraintsViolated(resource_class=resource_class, provider=provider)


def _require_room(key: ProviderClass, amount: int, returned: int, stock: Stock) -> None:
    used_by_others = stock.used.get(key, 0) - returned
    is_more = amount > returned
    if is_more and not stock.inventories[key].has_room(used_by_others, amount):
        provider, resource_class = key
        raise CapacityExceeded(resource_class=resource_class, provider=provider)
