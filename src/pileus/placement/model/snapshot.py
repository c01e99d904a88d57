"""Providers as they are at one moment, with all that a search for candidates looks at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pileus.placement.model.inventory import Inventory
from pileus.placement.model.provider import Provider

SHARES = "MISC_SHARES_VIA_AGGREGATE"
"""The trait of a provider whose inventory serves every tree with a member in one of its aggregates."""


@dataclass(frozen=True, slots=True)
class ProviderState:
    """One provider and what hangs on it."""

    provider: Provider
    inventories: Mapping[str, Inventory]
    used: Mapping[str, int]
    traits: frozenset[str]
    aggregates: frozenset[str]

    @property
    def uuid(self) -> str:
        """The provider's uuid."""
        return self.provider.uuid

    def can_give(self, resource_class: str, amount: int) -> bool:
        """Tell whether so much of a class is left, and given out in such amounts."""
        inventory = self.inventories.get(resource_class)
        if inventory is None or not inventory.is_amount_allowed(amount):
            return False
        return inventory.has_room(self.used.get(resource_class, 0), amount)

    def can_give_in_all(self, resource_class: str, amount: int) -> bool:
        """Tell whether one consumer may hold so much of a class, taken in several parts."""
        inventory = self.inventories[resource_class]
        return amount <= inventory.max_unit and inventory.has_room(self.used.get(resource_class, 0), amount)


class Snapshot:
    """Whole trees, and the providers that share with them."""

    def __init__(self, states: Iterable[ProviderState]) -> None:
        self.states = {state.uuid: state for state in states}
        trees: defaultdict[str, list[ProviderState]] = defaultdict(list)
        for state in self.states.values():
            trees[state.provider.root_uuid].append(state)
        self.trees: Mapping[str, Sequence[ProviderState]] = trees
        self._sharing = [state for state in self.states.values() if SHARES in state.traits]

    def sources_of(self, root_uuid: str) -> Sequence[ProviderState]:
        """Return who may serve a request that is placed on a tree: its providers, and those that share with it."""
        tree = self.trees[root_uuid]
        if not self._sharing:
            return tree
        aggregates = frozenset[str]().union(*(state.aggregates for state in tree))
        shared = [
            state
            for state in self._sharing
            if state.provider.root_uuid != root_uuid and not state.aggregates.isdisjoint(aggregates)
        ]
        return [*tree, *shared]

    def is_at_or_below(self, uuid: str | None, head: str) -> bool:
        """Tell whether a provider is `head` or a descendant of it."""
        while uuid is not None and uuid != head:
            state = self.states.get(uuid)
            uuid = None if state is None else state.provider.parent_uuid
        return uuid == head
