"""Providers as they are at one moment, with all that a search for candidates looks at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from pileus.placement.model.inventory import Inventory
from pileus.placement.model.request_group import RequestGroup

SHARES = "MISC_SHARES_VIA_AGGREGATE"
"""The trait of a provider whose inventory serves every tree with a member in one of its aggregates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderState:
    """One provider and what hangs on it."""

    id: int
    uuid: str
    name: str
    root_uuid: str
    parent_uuid: str | None = None
    inventories: Mapping[str, Inventory]
    used: Mapping[str, int]  # nothing is used of a class that is missing
    traits: frozenset[str] = frozenset()
    aggregates: frozenset[str] = frozenset()

    @property
    def is_root(self) -> bool:
        """Whether it heads its tree."""
        return self.root_uuid == self.uuid

    def can_give(self, resource_class: str, amount: int) -> bool:
        """Tell whether so much of a class is left, and given out in such amounts."""
        inventory = self.inventories.get(resource_class)
        if inventory is None or not inventory.is_amount_allowed(amount):
            return False
        return inventory.has_room(self.used.get(resource_class, 0), amount)

    def can_give_all(self, resources: Mapping[str, int]) -> bool:
        """Tell whether it can give so much of each of some classes."""
        return all(self.can_give(name, amount) for name, amount in resources.items())

    def most(self, resource_class: str) -> int:
        """Return the most of a class that one consumer may still get."""
        inventory = self.inventories[resource_class]
        return min(inventory.max_unit, int(inventory.capacity) - self.used.get(resource_class, 0))

    def is_welcome(self, group: RequestGroup, root: ProviderState) -> bool:
        """Tell whether nothing that a group says of each of its providers speaks against this one of `root`'s tree."""
        if group.traits.is_broken_by(self.traits) or group.aggregates.is_broken_by(self.aggregates):
            return False
        if group.is_indivisible and not group.traits.is_satisfied_by(self.traits):
            return False
        if group.is_of_one_provider:
            return group.aggregates.is_satisfied_by(self.aggregates)
        # For a group that may be spread over a tree, the root's memberships are those of the whole tree.
        if group.aggregates.is_broken_by(root.aggregates):
            return False
        return any(group.aggregates.is_satisfied_by(one.aggregates) for one in (root, self))


class Tree:
    """All providers of one tree."""

    def __init__(self, states: Sequence[ProviderState]) -> None:
        self.states = states

    @cached_property
    def lines(self) -> Mapping[str, tuple[int, int]]:
        """Provider's uuid → its own bit, and the bits of its line: itself, its parent and so on up to the root."""
        own = {state.uuid: 1 << number for number, state in enumerate(self.states)}
        parents = {state.uuid: state.parent_uuid for state in self.states}
        lines: dict[str, tuple[int, int]] = {}
        for uuid in own:
            line, above = 0, uuid
            while above in own and not line & own[above]:  # a ring, which an audit would find, ends there
                line |= own[above]
                above = parents[above] or ""
            lines[uuid] = (own[uuid], line)
        return lines
