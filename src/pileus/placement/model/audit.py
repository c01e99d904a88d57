"""What an audit may find: where placement's books do not add up, or do not agree with compute's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

SERVER = "INSTANCE"
"""The type of compute's servers as consumers."""


# --- the findings -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """So much of one inventory, held by one consumer."""

    provider_uuid: str
    provider_name: str
    resource_class: str
    used: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrphanedConsumer:
    """A consumer that was a server or a migration and is no more, and what it still holds."""

    kind: ClassVar[str] = "orphaned consumer"
    consumer_uuid: str
    consumer_type: str | None
    generation: int
    held: tuple[Held, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongUse:
    """An inventory that counts as used what its allocations do not add up to."""

    kind: ClassVar[str] = "wrong use"
    provider_uuid: str
    provider_name: str
    resource_class: str
    used: int
    held: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OverCapacity:
    """An inventory of which more is held than it has: it shrank, or its ratio did."""

    kind: ClassVar[str] = "over capacity"
    provider_uuid: str
    provider_name: str
    resource_class: str
    capacity: float
    held: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnstockedAllocation:
    """An allocation of what its provider has no inventory of."""

    kind: ClassVar[str] = "no inventory"
    consumer_uuid: str
    provider_uuid: str
    provider_name: str
    resource_class: str
    held: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleConsumer:
    """A consumer that holds nothing, and so should not be."""

    kind: ClassVar[str] = "idle consumer"
    consumer_uuid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongRoot:
    """A provider that is written down as part of another tree than the one that it hangs in."""

    kind: ClassVar[str] = "wrong root"
    provider_uuid: str
    provider_name: str
    root_uuid: str
    right_root_uuid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderRing:
    """A provider whose parents lead back to it, or into a ring of others."""

    kind: ClassVar[str] = "ring of providers"
    provider_uuid: str
    provider_name: str


Finding = OrphanedConsumer | WrongUse | OverCapacity | UnstockedAllocation | IdleConsumer | WrongRoot | ProviderRing

MENDABLE = (OrphanedConsumer, WrongUse, IdleConsumer, WrongRoot)
"""What can be put right without a choice that is the operator's."""


# --- what is looked at --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A consumer with allocations, as far as an audit asks whether it still is."""

    uuid: str
    type: str | None
    generation: int
    is_on_host: bool  # whether any of it is in a tree that compute runs servers on
    modified_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StockCount:
    """An inventory as it counts itself, and what its allocations add up to."""

    provider_uuid: str
    provider_name: str
    resource_class: str
    capacity: float
    used: int
    held: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a provider hangs, and where it is written down to."""

    uuid: str
    name: str
    root_uuid: str
    parent_uuid: str | None


# --- the judgements -----------------------------------------------------------------------------------


def is_suspect(holder: Holder, before: datetime) -> bool:
    """Tell whether compute should know a consumer that changed last before some moment.

    Any other type is a claim of somebody else, such as a reservation. One of unknown type may be a server or a
    migration, if it holds something of a compute host.
    """
    is_computes = holder.type == SERVER or (holder.type is None and holder.is_on_host)
    return is_computes and holder.modified_at < before


def judge_stock(stock: Iterable[StockCount]) -> Iterator[WrongUse | OverCapacity]:
    """Return where inventories are counted wrong, and where too much is held."""
    for one in stock:
        which = {
            "provider_uuid": one.provider_uuid,
            "provider_name": one.provider_name,
            "resource_class": one.resource_class,
        }
        if one.used != one.held:
            yield WrongUse(**which, used=one.used, held=one.held)
        if one.held > one.capacity:
            yield OverCapacity(**which, capacity=one.capacity, held=one.held)


def judge_places(places: Iterable[Place]) -> Iterator[WrongRoot | ProviderRing]:
    """Return which providers are not where they are written down to be.

    `places` needs no providers that are their own root and nobody's child: a parent that is not among them is one.
    """
    by_uuid = {place.uuid: place for place in places}
    tops: dict[str, str | None] = {}
    for place in by_uuid.values():
        top = _top(place.uuid, by_uuid, tops)
        if top is None:
            yield ProviderRing(provider_uuid=place.uuid, provider_name=place.name)
        elif top != place.root_uuid:
            yield WrongRoot(
                provider_uuid=place.uuid, provider_name=place.name, root_uuid=place.root_uuid, right_root_uuid=top
            )


def _top(uuid: str, places: Mapping[str, Place], tops: dict[str, str | None]) -> str | None:
    """Return who is above all parents of a provider; None if they go round in a ring. `tops` remembers."""
    way: list[str] = []
    seen: set[str] = set()
    while uuid not in tops:
        place = places.get(uuid)
        if place is None or place.parent_uuid is None:
            tops[uuid] = uuid
        elif uuid in seen:
            tops[uuid] = None
        else:
            way.append(uuid)
            seen.add(uuid)
            uuid = place.parent_uuid
    tops.update(dict.fromkeys(way, tops[uuid]))
    return tops[uuid]
