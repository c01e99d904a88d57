"""Why a request has the candidates that it has: what is asked of providers one by one, and who fails in what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from pileus.placement.model.request_group import RequestGroup
from pileus.placement.model.state import ProviderState


class Kind(Enum):
    """What a requirement is about."""

    TREE = "in_tree"
    AGGREGATE = "member_of"
    FORBIDDEN_AGGREGATE = "not_member_of"
    TRAIT = "required"
    FORBIDDEN_TRAIT = "forbidden"
    INVENTORY = "resource_class"
    UNIT = "unit"
    CAPACITY = "capacity"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that a group asks of a provider, or of a tree if the group may be spread over it."""

    kind: Kind
    names: tuple[str, ...]  # any of these traits or aggregates; else a single resource class or provider
    amount: int = 0  # of the resource class

    def lack(self, states: Sequence[ProviderState]) -> str:
        """Say what a provider, or all those of a tree, lacks that does not meet it."""
        name = " or ".join(self.names)
        if self.kind is Kind.UNIT:
            return f"{name}: {self.amount} asked, given out {_or_none(map(self._units, states))}"
        if self.kind is Kind.CAPACITY:
            return f"{name}: {self.amount} asked, {_or_none(map(self._left, states))} left"
        return f"{_LACKS[self.kind]} {name}"

    def _units(self, state: ProviderState) -> str:
        one = state.inventories.get(self.names[0])
        return f"from {one.min_unit} to {one.max_unit} in steps of {one.step_size}" if one else ""

    def _left(self, state: ProviderState) -> str:
        one = state.inventories.get(self.names[0])
        if one is None:
            return ""
        capacity = int(one.capacity)
        return f"{capacity - state.used.get(self.names[0], 0)} of {capacity}"


_LACKS = {
    Kind.TREE: "is not in the tree of",
    Kind.AGGREGATE: "is not a member of",
    Kind.FORBIDDEN_AGGREGATE: "is a member of",
    Kind.TRAIT: "has no trait",
    Kind.FORBIDDEN_TRAIT: "has the trait",
    Kind.INVENTORY: "has no inventory of",
}


def _or_none(texts: map[str]) -> str:
    return ", ".join(text for text in texts if text) or "none"


@dataclass(frozen=True, slots=True)
class Narrowing:
    """How far one requirement narrows the choice."""

    requirement: Requirement
    providers: int  # that meet it
    trees: int  # that meet it, whatever else is asked
    trees_left: int  # that meet it and all before


@dataclass(frozen=True, slots=True)
class Miss:
    """A provider that nearly serves a group, or the root of a tree that nearly does."""

    provider: ProviderState
    lacks: Sequence[str]


@dataclass(frozen=True, slots=True)
class GroupExplanation:
    """One group of a request, taken on its own."""

    group: RequestGroup
    narrowings: Sequence[Narrowing]
    misses: Sequence[Miss]  # the nearest first


@dataclass(frozen=True, slots=True)
class Explanation:
    """All of a request."""

    trees: int
    trees_with_root: int  # whose root is as `root_required` asks
    trees_for_each_group: int  # that could serve every group, if it were the only one
    trees_with_candidates: int
    groups: Sequence[GroupExplanation]


def shared_requirements(group: RequestGroup) -> Sequence[Requirement]:
    """Return what a group asks of each of its providers, whatever that gives."""
    asked = []
    if group.in_tree is not None:
        asked.append(Requirement(Kind.TREE, (group.in_tree,)))
    asked += [Requirement(Kind.AGGREGATE, tuple(sorted(any_of))) for any_of in group.aggregates.required]
    asked += [Requirement(Kind.FORBIDDEN_AGGREGATE, (uuid,)) for uuid in sorted(group.aggregates.forbidden)]
    asked += [Requirement(Kind.FORBIDDEN_TRAIT, (name,)) for name in sorted(group.traits.forbidden)]
    return asked + list(trait_requirements(group)) if group.is_of_one_provider else asked


def trait_requirements(group: RequestGroup) -> Sequence[Requirement]:
    """Return the traits that a group asks for: of its provider, or of any one of a tree that serves it."""
    return [Requirement(Kind.TRAIT, tuple(sorted(any_of))) for any_of in group.traits.required]


def class_requirements(resource_class: str, amount: int) -> Sequence[Requirement]:
    """Return what it takes to give so much of a class."""
    kinds = (Kind.INVENTORY, Kind.UNIT, Kind.CAPACITY)
    return [Requirement(kind, (resource_class,), amount) for kind in kinds]
