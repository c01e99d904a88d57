"""Pages: some hundreds of providers as columns.

A provider has a slot in a page, and every tree is in one page. What a provider is like is a bit at its slot, how much
it has left an element there; so one operation answers for the whole page. A page that searches may see never changes: a
change is made to a copy, which shares with its original every column that the change does not touch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pileus.placement.index import bits
from pileus.placement.model.inventory import MAX_INT
from pileus.placement.model.state import ProviderState, Tree

PAGE: Final = 1024
"""How many slots a page has, unless a single tree needs more."""

_MOST_ROOM: Final = 2**62  # of a provider whose capacity is beyond what a column can hold


class Column:
    """One resource class in a page: how much of it each provider has left, and in which amounts it gives it out."""

    __slots__ = ("least", "most", "room", "step")

    def __init__(self, length: int) -> None:
        self.room: NDArray[np.int64] = np.zeros(length, np.int64)
        self.least: NDArray[np.int32] = np.zeros(length, np.int32)
        self.most: NDArray[np.int32] = np.zeros(length, np.int32)  # 0: has no inventory, and so gives nothing
        self.step: NDArray[np.int32] = np.ones(length, np.int32)

    def copy(self, length: int) -> Column:
        """Return a column that may be changed, at least as long as this one."""
        other = Column(length)
        for name in self.__slots__:
            old = getattr(self, name)
            getattr(other, name)[: len(old)] = old
        return other

    def set(self, slot: int, state: ProviderState, resource_class: str) -> None:
        """Write what a provider has of the class, if anything."""
        inventory = state.inventories.get(resource_class)
        if inventory is None:
            self.most[slot] = 0
            return
        room = int(inventory.capacity) - state.used.get(resource_class, 0)
        self.room[slot] = max(-_MOST_ROOM, min(room, _MOST_ROOM))
        self.least[slot] = inventory.min_unit
        self.most[slot] = inventory.max_unit
        self.step[slot] = inventory.step_size

    def having(self) -> int:
        """Return who has an inventory of the class."""
        return bits.of_mask(self.most > 0)

    def with_room(self, amount: int) -> int:
        """Return who has so much left."""
        return bits.of_mask((self.most > 0) & (self.room >= amount)) if amount <= MAX_INT else 0

    def allowing(self, amount: int) -> int:
        """Return who gives out such an amount at a time, room or not."""
        if amount > MAX_INT:
            return 0
        return bits.of_mask((self.least <= amount) & (self.most >= amount) & (amount % self.step == 0))

    def able(self, amount: int) -> int:
        """Return who can give so much at a time."""
        if amount > MAX_INT:
            return 0
        is_able = (self.room >= amount) & (self.most >= amount) & (self.least <= amount) & (amount % self.step == 0)
        return bits.of_mask(is_able)


class Page:
    """The columns, and the providers themselves."""

    def __init__(self) -> None:
        self.length = PAGE
        self.states: list[ProviderState | None] = []
        self.slots: dict[str, int] = {}  # provider's uuid → slot
        self.roots = 0  # those that head a tree
        self.alive = 0
        self.traits: dict[str, int] = {}
        self.aggregates: dict[str, int] = {}
        self.memo: dict[int, Any] = {}  # slot → what a reader made of the provider, until that changes
        self._columns: dict[str, Column] = {}
        self._own: set[str] = set()  # the columns that are this page's alone, and may be changed
        self._root_slots: NDArray[np.int32] = np.zeros(PAGE, np.int32)
        self._members: dict[int, int] = {}  # slot of a root that has children → its whole tree
        self._trees: dict[int, tuple[Tree, Sequence[tuple[int, ProviderState]]]] = {}  # by root's slot, once looked at

    def copy(self) -> Page:
        """Return a page that may be changed, sharing the columns until they are."""
        other = Page()
        other.length = self.length
        other.states = self.states.copy()
        other.slots = self.slots.copy()
        other.roots, other.alive = self.roots, self.alive
        other.traits, other.aggregates = self.traits.copy(), self.aggregates.copy()
        other.memo = self.memo.copy()
        other._columns = self._columns.copy()
        other._root_slots = self._root_slots.copy()
        other._members = self._members.copy()
        other._trees = self._trees.copy()
        return other

    # --- what searches ask ---

    @property
    def is_flat(self) -> bool:
        """Whether every provider here is a tree of its own."""
        return not self._members

    @property
    def childless(self) -> int:
        """The roots that are their whole tree."""
        return self.roots if self.is_flat else self.roots & ~bits.of_slots(list(self._members), self.length)

    @property
    def is_full(self) -> bool:
        """Whether no further tree should be put here."""
        return len(self.states) >= PAGE

    def column(self, resource_class: str) -> Column | None:
        """Return what the providers have of a class; None if nobody has any."""
        return self._columns.get(resource_class)

    def able(self, resources: Mapping[str, int]) -> int:
        """Return who can give all of some resources."""
        found = self.alive
        for name, amount in resources.items():
            column = self._columns.get(name)
            found &= column.able(amount) if column is not None else 0
            if not found:
                break
        return found

    def find_many(self, uuids: AbstractSet[str]) -> int:
        """Return those of some providers that are here."""
        return bits.of_slots([self.slots[uuid] for uuid in self.slots.keys() & uuids], self.length)

    def with_any_trait(self, names: Iterable[str]) -> int:
        """Return who has at least one of some traits."""
        return _union(self.traits, names)

    def with_any_aggregate(self, uuids: Iterable[str]) -> int:
        """Return who is a member of at least one of some aggregates."""
        return _union(self.aggregates, uuids)

    def roots_of(self, found: int) -> int:
        """Return the roots of the trees of some providers."""
        if self.is_flat or not found:
            return found
        mask = np.zeros(self.length, np.bool_)
        mask[self._root_slots[bits.to_mask(found, self.length)]] = True
        return bits.of_mask(mask)

    def trees_of(self, roots: int) -> int:
        """Return all providers of the trees of some roots."""
        if self.is_flat or not roots:
            return roots
        return bits.of_mask(bits.to_mask(roots, self.length)[self._root_slots]) & self.alive

    def members(self, root_slot: int) -> int:
        """Return the providers of one tree."""
        return self._members.get(root_slot, 1 << root_slot)

    def root_slot(self, slot: int) -> int:
        """Return the slot of the root of a provider's tree."""
        return int(self._root_slots[slot])

    def get(self, uuid: str) -> ProviderState:
        """Return a provider that is here."""
        return self.at(self.slots[uuid])

    def count_empty(self) -> int:
        """Return how many slots were given up."""
        return len(self.states) - len(self.slots)

    def at(self, slot: int) -> ProviderState:
        """Return the provider of a slot."""
        state = self.states[slot]
        assert state is not None
        return state

    def list_slots(self, found: int) -> list[int]:
        """Return the slots of some providers in order."""
        return bits.slots(found, self.length)

    def list_states(self, found: int) -> list[ProviderState]:
        """Return some providers in the order of their slots."""
        return [self.at(slot) for slot in self.list_slots(found)]

    def tree(self, root_slot: int) -> tuple[Tree, Sequence[tuple[int, ProviderState]]]:
        """Return a root's tree, and its members with their slots."""
        if root_slot not in self._members:  # not worth keeping: there may be a hundred thousand
            state = self.at(root_slot)
            return Tree([state]), [(root_slot, state)]
        found = self._trees.get(root_slot)
        if found is None:
            members = [(slot, self.at(slot)) for slot in self.list_slots(self.members(root_slot))]
            found = self._trees[root_slot] = (Tree([state for _, state in members]), members)
        return found

    # --- changes, before searches see it ---

    def put(self, state: ProviderState) -> None:
        """Write a provider: one that is here already over itself, another below its root or as one."""
        slot = self.slots.get(state.uuid)
        old = None if slot is None else self.states[slot]
        if slot is None:
            slot = self._new_slot(state)
        self.states[slot] = state
        self.memo.pop(slot, None)
        _flip(self.traits, slot, old.traits if old else frozenset(), state.traits)
        _flip(self.aggregates, slot, old.aggregates if old else frozenset(), state.aggregates)
        for name in {*state.inventories, *(old.inventories if old else ())}:
            if old is None or not _is_same_stock(old, state, name):
                self._own_column(name).set(slot, state, name)
        self._trees.pop(self.root_slot(slot), None)

    def remove(self, uuid: str) -> None:
        """Take a provider out. Its slot stays empty, so that the others keep their order."""
        slot = self.slots.pop(uuid)
        state = self.at(slot)
        root_slot = self.root_slot(slot)
        _flip(self.traits, slot, state.traits, frozenset())
        _flip(self.aggregates, slot, state.aggregates, frozenset())
        for name in state.inventories:
            self._own_column(name).most[slot] = 0
        self.states[slot] = None
        self.memo.pop(slot, None)
        self.alive &= ~(1 << slot)
        self.roots &= ~(1 << slot)
        self._trees.pop(root_slot, None)
        if root_slot in self._members:
            left = self._members.pop(root_slot) & ~(1 << slot)
            if left.bit_count() > 1:
                self._members[root_slot] = left

    def _new_slot(self, state: ProviderState) -> int:
        slot = len(self.states)
        self.states.append(None)
        if slot >= self.length:
            self._grow()
        self.slots[state.uuid] = slot
        self.alive |= 1 << slot
        # A provider whose root does not exist, which `pileus placement audit` would find, is on its own.
        root_slot = slot if state.is_root else self.slots.get(state.root_uuid, slot)
        self._root_slots[slot] = root_slot
        if root_slot == slot:
            self.roots |= 1 << slot
        else:
            self._members[root_slot] = self.members(root_slot) | 1 << slot
        return slot

    def _grow(self) -> None:
        self.length *= 2
        longer = np.zeros(self.length, np.int32)
        longer[: len(self._root_slots)] = self._root_slots
        self._root_slots = longer
        self._columns = {name: column.copy(self.length) for name, column in self._columns.items()}
        self._own = set(self._columns)

    def _own_column(self, name: str) -> Column:
        if name not in self._own:
            shared = self._columns.get(name)
            self._columns[name] = Column(self.length) if shared is None else shared.copy(self.length)
            self._own.add(name)
        return self._columns[name]


def _is_same_stock(one: ProviderState, other: ProviderState, resource_class: str) -> bool:
    return one.inventories.get(resource_class) == other.inventories.get(resource_class) and one.used.get(
        resource_class
    ) == other.used.get(resource_class)


def _union(sets: Mapping[str, int], names: Iterable[str]) -> int:
    found = 0
    for name in names:
        found |= sets.get(name, 0)
    return found


def _flip(sets: dict[str, int], slot: int, old: frozenset[str], new: frozenset[str]) -> None:
    """Take a slot out of the sets that it leaves and put it into those that it joins."""
    bit = 1 << slot
    for name in old - new:
        sets[name] &= ~bit
        if not sets[name]:
            del sets[name]
    for name in new - old:
        sets[name] = sets.get(name, 0) | bit
